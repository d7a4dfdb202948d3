#include "app/train/training_terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace holdfast::app {
namespace {

constexpr int kBarCells = 30;

// All that a signal handler may do.
volatile std::sig_atomic_t is_interrupted = 0;

void interrupt(int /*signal*/) {
    is_interrupted = 1;
}

} // namespace

TrainingTerminal::TrainingTerminal() : is_terminal_(::isatty(STDERR_FILENO) == 1) {
    is_interrupted = 0;
    struct sigaction action{};
    action.sa_handler = interrupt;
    ::sigaction(SIGINT, &action, &before_);
}

TrainingTerminal::~TrainingTerminal() {
    if (shown_percent_ >= 0) fmt::print(stderr, "\r{:{}}\r", "", kBarCells + 30);
    ::sigaction(SIGINT, &before_, nullptr);
}

Result<void> TrainingTerminal::step(std::string_view doing, double part) {
    if (is_interrupted != 0) stop_.request_stop();
    const int percent = static_cast<int>(part * 100.0);
    if (is_terminal_ && percent != shown_percent_) {
        const auto cells = static_cast<std::size_t>(part * kBarCells);
        fmt::print(stderr, "\r{:10} [{:-<{}}] {:3} %", doing, std::string(cells, '#'), kBarCells,
                   percent);
        shown_percent_ = percent;
    }
    if (stop_.stop_requested()) return fail(Errc::closed, "it was cancelled");
    return ok();
}

ml::RunControl TrainingTerminal::control(std::string_view doing) {
    ml::RunControl out{stop_.get_token(), {}};
    out.progress = [this, doing](double part) {
        const auto stopped = step(doing, part); // the token says the same to the run
        static_cast<void>(stopped);
    };
    return out;
}

} // namespace holdfast::app
