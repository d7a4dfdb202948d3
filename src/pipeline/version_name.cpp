#include "pipeline/version_name.hpp"

#include <holdfast/config/model_name.hpp>
#include <holdfast/pipeline/version_store.hpp>

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace holdfast::pipeline {
namespace {

constexpr std::string_view kUnfinished = ".new"; // of a write that did not end

} // namespace

std::string version_name(std::string_view model, std::uint64_t number) {
    return fmt::format("{}.{}{}", model, number, kVersionEnding);
}

std::string promotions_name(std::string_view model) {
    return fmt::format("{}{}", model, kPromotionsEnding);
}

std::optional<VersionName> read_version_name(std::string_view name) {
    if (!name.ends_with(kVersionEnding)) return std::nullopt;
    name.remove_suffix(kVersionEnding.size());
    const auto dot = name.find('.');
    if (dot == std::string_view::npos || !config::is_model_name(name.substr(0, dot)))
        return std::nullopt;
    VersionName out{std::string(name.substr(0, dot))};
    const std::string_view digits = name.substr(dot + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
    if (read.ec != std::errc() || out.number == 0 || out.number > kVersionNumberMax ||
        fmt::format("{}", out.number) != digits) // 01 is no number of ours
        return std::nullopt;
    return out;
}

std::optional<std::string_view> read_promotions_name(std::string_view name) {
    if (!name.ends_with(kPromotionsEnding)) return std::nullopt;
    name.remove_suffix(kPromotionsEnding.size());
    if (!config::is_model_name(name)) return std::nullopt;
    return name;
}

bool is_unfinished_write(std::string_view name) {
    if (!name.ends_with(kUnfinished)) return false;
    name.remove_suffix(kUnfinished.size());
    return read_version_name(name) || read_promotions_name(name);
}

} // namespace holdfast::pipeline
