# holdfast_module(NAME x SOURCES a.cpp ... [LINKS holdfast_base fmt::fmt ...] [PRIVATE_LINKS ...])
#
# One static library `holdfast_x`, sources relative to src/x. LINKS are what its public
# headers need, PRIVATE_LINKS what only its bodies need: together they are its floor's edges.
# ALWAYS_ASSERT: sources on the append path, whose assertions stay in release builds.
# PRECOMPILE: headers that this module has precompiled, instead of those that modules share.
function(holdfast_module)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LINKS;PRIVATE_LINKS;ALWAYS_ASSERT;PRECOMPILE" ${ARGN})
  set(target holdfast_${ARG_NAME})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  if(ARG_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARG_PRECOMPILE})
  else()
    target_precompile_headers(${target} REUSE_FROM module_headers)
  endif()
  if(ARG_ALWAYS_ASSERT) # with other macros than the precompiled headers had
    set_source_files_properties(${ARG_ALWAYS_ASSERT} PROPERTIES COMPILE_OPTIONS -UNDEBUG
                                                                SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# holdfast_tests(NAME x [LINKS ...]): tests/x/*_test.cpp as one binary `test_x`, one CTest entry.
function(holdfast_tests)
  cmake_parse_arguments(ARG "" "NAME" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${ARG_NAME}/*_test.cpp)
  add_executable(test_${ARG_NAME} ${sources} $<TARGET_OBJECTS:test_main>)
  target_include_directories(test_${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests
                                                      ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(test_${ARG_NAME} PRIVATE holdfast_${ARG_NAME} ${ARG_LINKS})
  target_precompile_headers(test_${ARG_NAME} REUSE_FROM test_headers)
  add_test(NAME ${ARG_NAME} COMMAND test_${ARG_NAME} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

# holdfast_fuzz(NAME x LINKS ...): fuzz/x_fuzz.cpp as libFuzzer target `fuzz_x`.
function(holdfast_fuzz)
  cmake_parse_arguments(ARG "" "NAME" "LINKS" ${ARGN})
  add_executable(fuzz_${ARG_NAME} ${PROJECT_SOURCE_DIR}/fuzz/${ARG_NAME}_fuzz.cpp)
  target_compile_options(fuzz_${ARG_NAME} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${ARG_NAME} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${ARG_NAME} PRIVATE ${ARG_LINKS})
endfunction()
