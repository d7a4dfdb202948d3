holdfast_fuzz(NAME mqtt LINKS holdfast_mqtt)
