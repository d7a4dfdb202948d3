add_executable(record_bench record_bench.cpp)
target_link_libraries(record_bench PRIVATE holdfast_record fmt::fmt)
