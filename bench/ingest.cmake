add_executable(ingest_bench ${CMAKE_CURRENT_SOURCE_DIR}/ingest_bench.cpp)
target_link_libraries(ingest_bench PRIVATE holdfast_broker holdfast_mqtt benchmark::benchmark fmt::fmt)
