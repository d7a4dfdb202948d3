#pragma once

#include "app/child.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::test {

// The holdfast program.
class ServerProcess : public Child {
public:
    explicit ServerProcess(const std::vector<std::string>& arguments);

    // Waits for the line `ready`; false where the process ended before it.
    [[nodiscard]] bool wait_until_ready() { return wait_for_output("ready\n"); }
    // Of the listener of that name, out of its `listening` line; 0 where there was none.
    [[nodiscard]] std::uint16_t port(const std::string& listener) const;
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
