#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>
#include <thread>

namespace holdfast::test {

// Of a directory's files, or of those with one extension. One that goes meanwhile takes no space.
inline std::uint64_t file_bytes(const std::filesystem::path& directory,
                                std::string_view extension = {}) {
    std::uint64_t sum = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
        if (!extension.empty() && file.path().extension() != extension) continue;
        std::error_code gone;
        const auto bytes = file.file_size(gone);
        if (!gone) sum += bytes;
    }
    return sum;
}

// RocksDB flushes and deletes behind our back: true once it holds, false after five minutes.
inline bool comes_true(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

} // namespace holdfast::test
