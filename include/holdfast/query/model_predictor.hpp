#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/sql/predictor.hpp>

#include <memory>
#include <string_view>

namespace holdfast::pipeline {
class VersionStore;
}

namespace holdfast::query {

// The version of a trained model that is in use now, for the rows of one query. not_found: there is
// none; not_supported: one row is not enough for it, with why.
[[nodiscard]] Result<std::shared_ptr<const sql::Predictor>> predictor_of(
    const pipeline::VersionStore& versions, std::string_view name);

} // namespace holdfast::query
