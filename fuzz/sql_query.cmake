holdfast_fuzz(NAME sql_query LINKS holdfast_exec holdfast_record holdfast_topic)
target_include_directories(fuzz_sql_query PRIVATE ${PROJECT_SOURCE_DIR}/tests)
