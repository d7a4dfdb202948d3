#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/ml/training/run_control.hpp>

#include <csignal>
#include <string_view>

namespace holdfast::app {

// A training as its user sees it: a line of progress on standard error where that is a terminal,
// and an end before time by SIGINT. One at a time; puts the signal back as it was.
class TrainingTerminal {
public:
    TrainingTerminal();
    ~TrainingTerminal();
    TrainingTerminal(const TrainingTerminal&) = delete;
    TrainingTerminal& operator=(const TrainingTerminal&) = delete;

    // closed, where SIGINT came.
    [[nodiscard]] Result<void> step(std::string_view doing, double part);
    // Whose every step goes through the one above. Lives as long as this.
    [[nodiscard]] ml::RunControl control(std::string_view doing);

private:
    std::stop_source stop_;
    bool is_terminal_;
    int shown_percent_ = -1;
    struct sigaction before_{};
};

} // namespace holdfast::app
