#pragma once

#include <span>
#include <string>
#include <vector>

namespace holdfast::sql {

// A model that a query asks row by row: predict('name', ...). It is that query's own and may keep
// room for its work: one thread at a time. What it says of a row depends on that row alone.
class Predictor {
public:
    virtual ~Predictor() = default;
    // Names of what it takes, in the order of predict()'s input.
    [[nodiscard]] virtual const std::vector<std::string>& inputs() const noexcept = 0;
    // `input` has a value for each: asserted; NaN is a missing one. NaN where it cannot tell.
    [[nodiscard]] virtual double predict(std::span<const double> input) const = 0;
};

} // namespace holdfast::sql
