#pragma once

#include <holdfast/base/result.hpp>

#include <sys/types.h>

#include <cstdint>

namespace holdfast::load {

// What a process has used so far: CPU seconds of all its threads (user and system) and its
// resident bytes now.
struct ProcessUse {
    double cpu_s = 0;
    std::uint64_t rss_bytes = 0;
};

// Reads /proc/PID/stat. Errors: not_found where there is no such process.
[[nodiscard]] Result<ProcessUse> process_use(pid_t pid);
// CPU seconds of this process.
[[nodiscard]] double own_cpu_s() noexcept;

} // namespace holdfast::load
