#pragma once

#include "pipeline/plan_of.hpp"

#include <holdfast/pipeline/training.hpp>

#include <string>
#include <vector>

namespace holdfast::test {

// y = 2 v, to be found exactly.
inline pipeline::Plan double_plan(const std::string& more = "") {
    return plan_of(
        "name: double\nsource: {stream: s}\nsignals: [v]\ntarget: {column: y}\n"
        "folds: {count: 2}\nalgorithm: linear\n" +
        more);
}

inline void add_doubles(pipeline::Samples& out, int rows = 60, double factor = 2.0) {
    for (int i = 0; i < rows; ++i) {
        const std::vector signals{static_cast<double>(i % 7)};
        REQUIRE(out.add("d1", i * 1000, signals, factor * signals[0]));
    }
}

inline ml::TrainedModel double_model(double factor = 2.0, const std::string& more = "") {
    const auto plan = double_plan(more);
    pipeline::Samples samples(plan);
    add_doubles(samples, 60, factor);
    const auto rows = samples.rows();
    REQUIRE(rows);
    auto trained = pipeline::train(plan, rows.value());
    if (!trained) FAIL(trained.error().context);
    return std::move(trained).value().model;
}

} // namespace holdfast::test
