holdfast_fuzz(NAME ml_state LINKS holdfast_ml)
holdfast_fuzz(NAME model_file LINKS holdfast_ml)
