#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace holdfast::test {

struct Harm {
    std::string what; // the file, what was done to it, where
    bool may_be_refused = false;
    bool is_log = false;  // a write-ahead log, or the manifest
    bool is_gone = false; // the file, its end, or a stretch that is blank now
};

namespace harm {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// Tables name their column family.
inline bool is_table_of_records(const std::filesystem::path& path, const std::string& content) {
    return path.extension() == ".sst" && content.find("slice.0") != std::string::npos;
}

inline std::string change(std::string& content, std::mt19937_64& random) {
    const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
    const std::size_t at = below(content.size());
    const std::size_t length = std::min(content.size() - at, 1 + below(5'000));
    const auto from = content.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random() % 6) {
        case 0:
            if (!content.empty()) content[at] = static_cast<char>(content[at] ^ (1 << below(8)));
            return fmt::format("a bit flipped at {}", at);
        case 1: std::fill_n(from, length, '\0'); return fmt::format("{} zeros at {}", length, at);
        case 2:
            std::generate_n(from, length, [&] { return static_cast<char>(random()); });
            return fmt::format("{} bytes of noise at {}", length, at);
        case 3: {
            const std::string other = content.substr(below(content.size() - length + 1), length);
            std::copy(other.begin(), other.end(), from);
            return fmt::format("{} bytes of another place at {}", length, at);
        }
        case 4: content.resize(at); return fmt::format("cut at {}", at);
        default:
            for (std::size_t i = 0; i < length; ++i) content += static_cast<char>(random());
            return fmt::format("{} bytes more", length);
    }
}

} // namespace harm

// Does something to one file in a log's directory: bits flip, stretches become zeros, noise or
// another stretch's bytes, the file is cut, gets longer, or goes.
inline Harm do_harm(const std::filesystem::path& log, std::mt19937_64& random) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(log))
        if (entry.is_regular_file() && entry.path().filename() != "LOCK" &&
            !entry.path().filename().string().starts_with("LOG"))
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    const auto path = files[random() % files.size()];
    std::string content = harm::read_file(path);

    Harm done;
    const bool is_write_ahead_log = path.extension() == ".log";
    done.is_log = is_write_ahead_log || path.filename().string().starts_with("MANIFEST");
    done.may_be_refused = !is_write_ahead_log && !harm::is_table_of_records(path, content);
    if (random() % 8 == 0) {
        std::filesystem::remove(path);
        done.is_gone = true;
        done.what = fmt::format("{}: removed", path.filename().string());
        return done;
    }
    const std::size_t size = content.size();
    const std::string what = harm::change(content, random);
    harm::write_file(path, content);
    done.is_gone = content.size() < size || what.find("zeros") != std::string::npos;
    done.what = fmt::format("{} of {} bytes: {}", path.filename().string(), size, what);
    return done;
}

} // namespace holdfast::test
