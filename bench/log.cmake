add_executable(log_bench ${CMAKE_CURRENT_SOURCE_DIR}/log_bench.cpp)
target_link_libraries(log_bench PRIVATE holdfast_log holdfast_load fmt::fmt)
