#pragma once

#include <sys/types.h>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::test {

// The holdfast program as a child of the test. Killed with its owner, and with the test's process.
class ServerProcess {
public:
    // Runs `holdfast` with `arguments`. Throws std::runtime_error where the system refuses.
    explicit ServerProcess(const std::vector<std::string>& arguments);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    // Reads standard output up to the line `ready`; false where the process ended before it.
    [[nodiscard]] bool wait_until_ready();
    // Of the listener of that name, out of its `listening` line; 0 where there was none.
    [[nodiscard]] std::uint16_t port(const std::string& listener) const;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    // Waits for the end: the exit code, or minus the signal that ended it.
    int wait();
    [[nodiscard]] bool is_running();

    // Standard output and standard error, as far as they have come. Complete after wait().
    [[nodiscard]] const std::string& output() const noexcept { return output_; }
    [[nodiscard]] std::string errors() const;

private:
    bool read_output(); // false at its end

    pid_t pid_ = -1;
    int output_descriptor_ = -1;
    int error_descriptor_ = -1;
    std::string output_;
    std::optional<int> exit_code_;
};

// What a finished run of a short command left behind.
struct Outcome {
    int exit_code = 0;
    std::string output;
    std::string errors;
};
[[nodiscard]] Outcome run_holdfast(const std::vector<std::string>& arguments);

void write_file(const std::filesystem::path& path, const std::string& text);

} // namespace holdfast::test
