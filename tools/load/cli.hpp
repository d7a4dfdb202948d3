#pragma once

namespace holdfast::load {

// Parses the command line and runs what it names. Gives the exit status: 0 where all went
// well, 1 where something was lost, duplicated, reordered or refused, 2 for anything else.
int run_command_line(int argc, char** argv);

} // namespace holdfast::load
