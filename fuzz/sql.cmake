holdfast_fuzz(NAME sql LINKS holdfast_sql)
