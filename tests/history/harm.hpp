#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace holdfast::test {

// Of a database, those that may be harmed, in the order of their names.
inline std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.is_regular_file() && entry.file_size() > 0 && entry.path().filename() != "LOCK")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

// What was done, for the failure message.
inline std::string harm(const std::filesystem::path& file, std::mt19937_64& random) {
    std::ifstream in(file, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(in), {}};
    in.close();
    const std::size_t at = random() % content.size();
    const auto kind = random() % 3;
    if (kind == 0) content[at] = static_cast<char>(content[at] ^ (1 << (random() % 8)));
    if (kind == 1)
        for (std::size_t i = at; i < std::min(content.size(), at + 512); ++i) content[i] = 0;
    if (kind == 2) content.resize(at);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
    return fmt::format("{} kind {} at {}", file.filename().string(), kind, at);
}

// One bit, at this part of the file.
inline void flip_bit(const std::filesystem::path& file, double where) {
    std::fstream both(file, std::ios::binary | std::ios::in | std::ios::out);
    const auto at =
        static_cast<std::streamoff>(static_cast<double>(std::filesystem::file_size(file)) * where);
    both.seekg(at);
    const int byte = both.get();
    both.seekp(at);
    both.put(static_cast<char>(byte ^ 1));
}

} // namespace holdfast::test
