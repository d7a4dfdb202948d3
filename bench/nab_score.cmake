add_executable(nab_score nab_score.cpp)
target_link_libraries(nab_score PRIVATE holdfast_ml)
