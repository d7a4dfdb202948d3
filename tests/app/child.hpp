#pragma once

#include <sys/types.h>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::test {

// A program as a child of the test. Killed with its owner, and with the test's process.
class Child {
public:
    // Runs `words`: the program's path and its arguments. Throws std::runtime_error where the
    // system refuses; a program that does not exist ends with 127.
    explicit Child(std::vector<std::string> words);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // Reads standard output until it holds `text`; false where the process ended before it.
    [[nodiscard]] bool wait_for_output(const std::string& text);

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

} // namespace holdfast::test
