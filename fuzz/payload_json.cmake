holdfast_fuzz(NAME payload_json LINKS holdfast_record)
