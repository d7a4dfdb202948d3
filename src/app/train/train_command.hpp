#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

struct TrainArguments {
    std::string pipeline_file;
    std::string csv_file;
    std::string model_file; // empty: the report is all
    bool is_json = false;
};

// `holdfast train PIPELINE.yaml --csv FILE`: no server needed (docs/training.md). Keep it as long
// as `cli`.
class TrainCommand {
public:
    explicit TrainCommand(CLI::App& cli);
    // 0; 1 with the reason on standard error, also where it was cancelled by SIGINT. Nothing where
    // it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* command_;
    TrainArguments arguments_;
};

} // namespace holdfast::app
