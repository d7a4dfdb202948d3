#include "app/file_watch.hpp"

#include <sys/stat.h>

namespace holdfast::app {

FileWatch::FileWatch(std::vector<std::filesystem::path> files) {
    for (auto& file : files) {
        const State now = state_of(file);
        files_.emplace_back(std::move(file), now);
    }
}

bool FileWatch::has_changed() {
    bool changed = false;
    for (auto& [file, known] : files_) {
        const State now = state_of(file);
        changed = changed || now != known;
        known = now;
    }
    return changed;
}

FileWatch::State FileWatch::state_of(const std::filesystem::path& file) {
    struct stat found{};
    if (::stat(file.c_str(), &found) != 0) return {};
    return {found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec, found.st_ino,
            found.st_size};
}

} // namespace holdfast::app
