holdfast_fuzz(NAME ml_state LINKS holdfast_ml)
