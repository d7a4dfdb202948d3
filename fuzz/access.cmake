holdfast_fuzz(NAME access LINKS holdfast_access holdfast_config)
holdfast_fuzz(NAME users LINKS holdfast_identity)
