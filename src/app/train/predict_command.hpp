#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

struct PredictArguments {
    std::string model_file;
    std::string csv_file;
    std::string output_file;
};

// `holdfast predict MODEL --csv FILE --output FILE`: what a trained model says of recorded rows, no
// server needed (docs/training.md). Keep it as long as `cli`.
class PredictCommand {
public:
    explicit PredictCommand(CLI::App& cli);
    // 0; 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* command_;
    PredictArguments arguments_;
};

} // namespace holdfast::app
