# The files that are fuzzed, without the library around them: that would take minutes to build.
find_package(OpenSSL REQUIRED)
holdfast_fuzz(NAME ws_frame LINKS holdfast_base)
target_sources(fuzz_ws_frame PRIVATE ${PROJECT_SOURCE_DIR}/src/gateway/base64.cpp
                                     ${PROJECT_SOURCE_DIR}/src/gateway/ws/frame.cpp)
target_include_directories(fuzz_ws_frame PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(fuzz_ws_frame PRIVATE OpenSSL::Crypto)
