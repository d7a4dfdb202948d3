#pragma once

#include "app/child.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::test {

// The port of the listener of that name, out of its `listening` line in a server's output; 0 where
// there is none.
[[nodiscard]] std::uint16_t port_in(const std::string& output, const std::string& listener);

// The holdfast program.
class ServerProcess : public Child {
public:
    explicit ServerProcess(const std::vector<std::string>& arguments);

    // Waits for the line `ready`; false where the process ended before it.
    [[nodiscard]] bool wait_until_ready() { return wait_for_output("ready\n"); }
    [[nodiscard]] std::uint16_t port(const std::string& listener) const {
        return port_in(output(), listener);
    }
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
