#include "app/serve.hpp"

#include "app/check_config.hpp"
#include "app/descriptors.hpp"
#include "app/without_effect.hpp"

#include <holdfast/app/server.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/config/config.hpp>

#include <fmt/format.h>

#include <malloc.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace holdfast::app {
namespace {

sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

// Freed memory is mostly wanted again at once, for the next write buffer: given back to the kernel,
// it would come page by page, each with a fault.
// How much may lie about is a part of what there is.
void keep_freed_memory(std::size_t limit_bytes) {
#ifdef __GLIBC__
    ::mallopt(M_TRIM_THRESHOLD,
              static_cast<int>(std::min<std::size_t>(limit_bytes / 8, 128 << 20)));
    ::mallopt(M_MMAP_THRESHOLD,
              static_cast<int>(std::min<std::size_t>(limit_bytes / 32, 32 << 20)));
#endif
}

int failed(const Error& error) {
    fmt::print(stderr, "holdfast: {}\n", error.context);
    return 1;
}

// The one door for both commands: what `check` passes, `serve` does not refuse.
Result<config::Config> load(const std::string& file) {
    return config::load(file, check_config);
}

} // namespace

int serve(const ServeArguments& arguments) {
    auto config = arguments.config_file.empty() ? Result<config::Config>(config::defaults())
                                                : load(arguments.config_file);
    if (!config) return failed(config.error());
    if (!arguments.data_dir.empty()) config.value().data_dir = arguments.data_dir;
    set_log_level(config.value().log_level);
    for (const std::string& line : settings_without_effect(config.value()))
        log_warn("app", "{}", line);
    if (const auto shared = share_descriptors(config.value().limits); !shared)
        return failed(shared.error());

    keep_freed_memory(config.value().limits.memory_bytes);
    // Blocked before any thread starts, so that this one alone takes them, in sigtimedwait().
    const sigset_t signals = awaited_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // whoever read our output may go; the server stays

    const bool has_users = config.value().security.has_users();
    Server server(std::move(config).value());
    if (const auto started = server.start(); !started) return failed(started.error());
    if (!has_users)
        log_info("app", "no users are configured: anonymous clients from loopback only");
    for (const std::string& line : server.listening_lines()) fmt::print("{}\n", line);
    fmt::print("ready\n");
    std::fflush(stdout);

    const timespec second{1, 0};
    for (;;) {
        const int signal = ::sigtimedwait(&signals, nullptr, &second);
        if (signal == SIGINT || signal == SIGTERM) break;
        if (signal == SIGHUP) server.reload();
        server.run_housekeeping();
    }
    log_info("app", "stopping");
    server.stop();
    return 0;
}

int check(const std::string& config_file) {
    const auto config = load(config_file);
    if (!config) return failed(config.error());
    for (const std::string& line : settings_without_effect(config.value()))
        fmt::print(stderr, "warning: {}\n", line);
    fmt::print("{}: ok\n", config_file);
    return 0;
}

} // namespace holdfast::app
