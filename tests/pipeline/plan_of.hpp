#pragma once

#include <holdfast/pipeline/plan.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace holdfast::test {

inline pipeline::Plan plan_of(const std::string& text) {
    auto file = config::parse_pipeline(text, "p.yaml");
    REQUIRE(file);
    auto plan = pipeline::check_pipeline(std::move(file).value());
    if (!plan) FAIL(plan.error().context);
    return std::move(plan).value();
}

} // namespace holdfast::test
