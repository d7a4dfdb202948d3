#include "app/rule_files.hpp"

#include "app/text_file.hpp"

#include <cstddef>

namespace holdfast::app {
namespace {

constexpr std::size_t kRuleFileBytesMax = 1U << 20U; // what the SQL parser takes at once

} // namespace

Result<std::string> read_rule_file(const std::filesystem::path& file) {
    return read_text_file(file, kRuleFileBytesMax);
}

} // namespace holdfast::app
