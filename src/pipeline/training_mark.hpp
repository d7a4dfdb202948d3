#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::pipeline {

// A file that stands for a training which has not ended: what a start finds was cut short
// (docs/format/version_file.md).
struct TrainingMark {
    std::string id;
    std::string model;
    std::string made_by;
    std::int64_t submitted_ms = 0;
};

// io, no_space.
[[nodiscard]] Result<void> write_mark(const std::filesystem::path& directory,
                                      const TrainingMark& mark);
void remove_mark(const std::filesystem::path& directory, const std::string& id);
// All that are there, which are then gone; what is damaged, or no mark, stays, with a log line.
[[nodiscard]] std::vector<TrainingMark> take_marks(const std::filesystem::path& directory);

} // namespace holdfast::pipeline
