add_executable(query_bench query_bench.cpp)
target_link_libraries(query_bench PRIVATE holdfast_query holdfast_log holdfast_record fmt::fmt)
