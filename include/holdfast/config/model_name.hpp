#pragma once

#include <string_view>

namespace holdfast::config {

// Whether it may name a model, a trained one as a detector: 1 to 64 of `a-z 0-9 _ -`.
[[nodiscard]] bool is_model_name(std::string_view name) noexcept;

} // namespace holdfast::config
