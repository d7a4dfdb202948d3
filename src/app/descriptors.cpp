#include "app/descriptors.hpp"

#include <holdfast/base/log_line.hpp>

#include <fmt/format.h>

#include <sys/resource.h>
#include <algorithm>
#include <cstdint>

namespace holdfast::app {
namespace {

// The database keeps up to 1000 tables open, and there are its logs, listeners and timers.
constexpr std::uint64_t kForTheLog = 1'100;
constexpr std::uint64_t kLeast = 128;

std::uint64_t raise_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kLeast;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

} // namespace

Result<void> share_descriptors(config::Limits& limits) {
    const std::uint64_t files = raise_limit();
    if (files < kLeast)
        return fail(Errc::limit_exceeded,
                    fmt::format("the system allows {} open files (ulimit -n), {} is the least",
                                files, kLeast));
    const std::uint64_t available = files - std::min(kForTheLog, files / 2);
    const std::uint64_t wanted = std::uint64_t{limits.connections} + limits.http_connections;
    if (wanted <= available) return ok();
    const std::uint64_t http = std::min<std::uint64_t>(limits.http_connections, available / 4);
    const std::uint64_t mqtt = std::min<std::uint64_t>(limits.connections, available - http);
    limits.http_connections = static_cast<std::uint32_t>(http);
    limits.connections = static_cast<std::uint32_t>(mqtt);
    log_warn("app",
             "the system allows {} open files (ulimit -n): at most {} MQTT and {} HTTP connections",
             files, mqtt, http);
    return ok();
}

} // namespace holdfast::app
