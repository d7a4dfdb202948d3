holdfast_fuzz(NAME ws_frame LINKS holdfast_gateway)
target_include_directories(fuzz_ws_frame PRIVATE ${PROJECT_SOURCE_DIR}/src)
