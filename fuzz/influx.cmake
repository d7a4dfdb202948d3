holdfast_fuzz(NAME influx LINKS holdfast_influx)
