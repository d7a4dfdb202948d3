add_executable(detect detect/main.cpp detect/nab.cpp detect/nab_scoring.cpp detect/obd.cpp
               detect/obd_faults.cpp detect/replay.cpp detect/skab.cpp)
target_link_libraries(detect PRIVATE holdfast_models holdfast_column fmt::fmt)
