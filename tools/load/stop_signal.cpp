#include <load/stop_signal.hpp>

#include <csignal>

namespace holdfast::load {
namespace {

volatile std::sig_atomic_t g_stop = 0;

void on_stop(int /*signal*/) {
    g_stop = 1;
}

} // namespace

void install_stop_signals() {
    struct sigaction action{};
    action.sa_handler = on_stop;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() noexcept {
    return g_stop != 0;
}

} // namespace holdfast::load
