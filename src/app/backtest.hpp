#pragma once

#include <string>
#include <vector>

namespace holdfast::app {

struct BacktestArguments {
    std::string model;       // a name among those of the configuration, or a file
    std::string config_file; // empty: built-in defaults
    std::string input_file;
    std::string output_file;
    std::string label_column;        // empty: nothing is known of the rows
    std::string time_column;         // empty: as models::BacktestOptions says
    std::vector<std::string> fields; // empty: the model's
};

// `holdfast backtest`: no server needed. 0, or 1 with the reason on standard error.
[[nodiscard]] int run_backtest(const BacktestArguments& arguments);

} // namespace holdfast::app
