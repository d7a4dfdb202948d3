holdfast_fuzz(NAME record_batch LINKS holdfast_record)
