holdfast_fuzz(NAME column_chunk LINKS holdfast_column)
