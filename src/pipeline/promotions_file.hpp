#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace holdfast::pipeline {

// Which versions of a model were promoted, the newest last (docs/format/version_file.md).
[[nodiscard]] Bytes encode_promotions(std::span<const std::uint64_t> numbers);
// io; corrupt, naming the file.
[[nodiscard]] Result<std::vector<std::uint64_t>> read_promotions(const std::filesystem::path& file);

} // namespace holdfast::pipeline
