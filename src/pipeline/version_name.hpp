#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::pipeline {

// Names of files in the directory of versions: what has another name is somebody else's.

inline constexpr std::string_view kVersionEnding = ".version";
inline constexpr std::string_view kPromotionsEnding = ".promoted";

[[nodiscard]] std::string version_name(std::string_view model, std::uint64_t number);
[[nodiscard]] std::string promotions_name(std::string_view model);

// What `pump-life.3.version` says of itself.
struct VersionName {
    std::string model;
    std::uint64_t number = 0;
};
// Nothing where it is not exactly what version_name() gives.
[[nodiscard]] std::optional<VersionName> read_version_name(std::string_view name);
// The model; nothing where it is not exactly what promotions_name() gives.
[[nodiscard]] std::optional<std::string_view> read_promotions_name(std::string_view name);
// One of both that a write left which did not end.
[[nodiscard]] bool is_unfinished_write(std::string_view name);

} // namespace holdfast::pipeline
