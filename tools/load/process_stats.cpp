#include <load/process_stats.hpp>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace holdfast::load {

Result<ProcessUse> process_use(pid_t pid) {
    const std::string path = fmt::format("/proc/{}/stat", pid);
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) return fail(Errc::not_found, fmt::format("no {}", path));
    const std::size_t after_name = line.rfind(')'); // the name may hold blanks and brackets
    if (after_name == std::string::npos) {
        return fail(Errc::malformed, fmt::format("{} has no process name", path));
    }
    std::istringstream fields(line.substr(after_name + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    fields >> user_ticks >> system_ticks;
    for (int field = 16; field < 24; ++field) fields >> skipped;
    std::uint64_t rss_pages = 0;
    fields >> rss_pages;
    if (!fields) return fail(Errc::malformed, fmt::format("{} is too short", path));
    ProcessUse use;
    use.cpu_s = static_cast<double>(user_ticks + system_ticks) /
                static_cast<double>(::sysconf(_SC_CLK_TCK));
    use.rss_bytes = rss_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return use;
}

double own_cpu_s() noexcept {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

} // namespace holdfast::load
