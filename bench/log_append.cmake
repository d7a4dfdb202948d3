add_executable(log_append_bench ${CMAKE_CURRENT_SOURCE_DIR}/log_append_bench.cpp)
target_include_directories(log_append_bench PRIVATE ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(log_append_bench PRIVATE holdfast_log fmt::fmt)
