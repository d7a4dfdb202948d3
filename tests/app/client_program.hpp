#pragma once

#include "app/server_process.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::test {

// Runs a script of tests/clients with `program` and looks for its one word, `done`. False, with a
// warning, where the program is not installed, or what the script needs is not.
inline bool check_done(std::vector<std::string> words, const std::string& program) {
    constexpr int kSkipped = 77;
    if (!std::filesystem::exists(program)) {
        WARN(program << " is not installed: not tested");
        return false;
    }
    words.insert(words.begin(), program);
    Child child(words);
    const int exit_code = child.wait();
    if (exit_code == kSkipped) {
        WARN(child.output());
        return false;
    }
    INFO(child.errors());
    CHECK(child.output() == "done\n");
    CHECK(exit_code == 0);
    return true;
}

} // namespace holdfast::test
