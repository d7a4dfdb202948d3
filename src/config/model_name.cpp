#include <holdfast/config/model_name.hpp>

#include <algorithm>

namespace holdfast::config {

bool is_model_name(std::string_view name) noexcept {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, legal);
}

} // namespace holdfast::config
