add_executable(train train/main.cpp train/remaining_life.cpp train/failures.cpp train/cost.cpp
               train/columns.cpp)
target_link_libraries(train PRIVATE holdfast_ml fmt::fmt)
