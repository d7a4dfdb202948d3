#include "pipeline/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

namespace holdfast::pipeline {
namespace {

// One setting of a method: its bounds are those of the method's header.
struct Setting {
    std::string_view name;
    double min;
    double max;
    bool is_whole;
    void (*set)(ml::Algorithm&, double);
};

std::size_t count(double value) {
    return static_cast<std::size_t>(value);
}

template <typename T>
constexpr Setting kLeavesMax{"leaves_max", 2, 65'536, true, [](ml::Algorithm& to, double value) {
                                 std::get<T>(to).bounds.leaves_max = count(value);
                             }};
template <typename T>
constexpr Setting kDepthMax{"depth_max", 1, 64, true, [](ml::Algorithm& to, double value) {
                                std::get<T>(to).bounds.depth_max = count(value);
                            }};
template <typename T>
constexpr Setting kLeafRowsMin{
    "leaf_rows_min", 1, 1'000'000, true,
    [](ml::Algorithm& to, double value) { std::get<T>(to).bounds.leaf_rows_min = count(value); }};
template <typename T>
constexpr Setting kTrees{"trees", 1, 10'000, true, [](ml::Algorithm& to, double value) {
                             std::get<T>(to).trees = count(value);
                         }};
template <typename T>
constexpr Setting kL2{"l2", 0, 1e12, false,
                      [](ml::Algorithm& to, double value) { std::get<T>(to).l2 = value; }};

constexpr Setting kLinear[] = {kL2<ml::LinearSettings>};
constexpr Setting kLogistic[] = {kL2<ml::LogisticSettings>};
constexpr Setting kDecisionTree[] = {kLeavesMax<ml::DecisionTreeSettings>,
                                     kDepthMax<ml::DecisionTreeSettings>,
                                     kLeafRowsMin<ml::DecisionTreeSettings>};
constexpr Setting kRandomForest[] = {kTrees<ml::RandomForestSettings>,
                                     {"split_features", 0, 4096, true,
                                      [](ml::Algorithm& to, double value) {
                                          std::get<ml::RandomForestSettings>(to).split_features =
                                              count(value);
                                      }},
                                     kLeavesMax<ml::RandomForestSettings>,
                                     kDepthMax<ml::RandomForestSettings>,
                                     kLeafRowsMin<ml::RandomForestSettings>};
constexpr Setting kBoostedTrees[] = {kTrees<ml::BoostedTreesSettings>,
                                     {"learning_rate", 1e-6, 1, false,
                                      [](ml::Algorithm& to, double value) {
                                          std::get<ml::BoostedTreesSettings>(to).learning_rate =
                                              value;
                                      }},
                                     kL2<ml::BoostedTreesSettings>,
                                     kLeavesMax<ml::BoostedTreesSettings>,
                                     kDepthMax<ml::BoostedTreesSettings>,
                                     kLeafRowsMin<ml::BoostedTreesSettings>};

struct Method {
    std::string_view name;
    ml::Algorithm algorithm;
    std::span<const Setting> settings;
};

std::vector<Method> methods_for(const config::PipelineFile& file) {
    const ml::Goal goal = file.is_label ? ml::Goal::label : ml::Goal::value;
    ml::DecisionTreeSettings tree;
    tree.goal = goal;
    ml::RandomForestSettings forest;
    forest.goal = goal;
    forest.seed = file.seed;
    ml::BoostedTreesSettings boosted;
    boosted.goal = goal;
    std::vector<Method> out;
    if (file.is_label)
        out.push_back({"logistic", ml::LogisticSettings{}, kLogistic});
    else
        out.push_back({"linear", ml::LinearSettings{}, kLinear});
    out.push_back({"decision_tree", tree, kDecisionTree});
    out.push_back({"random_forest", forest, kRandomForest});
    out.push_back({"boosted_trees", boosted, kBoostedTrees});
    return out;
}

std::string names_of(const auto& named) {
    std::string out;
    for (const auto& each : named) out += (out.empty() ? "" : ", ") + std::string(each.name);
    return out;
}

Result<const Setting*> setting_of(const Method& method, const config::PipelineSetting& wanted) {
    const auto found = std::ranges::find(method.settings, wanted.name, &Setting::name);
    if (found == method.settings.end())
        return fail(Errc::malformed,
                    fmt::format("{}: {} has no such setting; it has {}", wanted.where, method.name,
                                names_of(method.settings)));
    for (const double value : wanted.values)
        if (value < found->min || value > found->max ||
            (found->is_whole && value != std::floor(value)))
            return fail(Errc::malformed,
                        fmt::format("{}: {} is not a {}number within {} .. {}", wanted.where, value,
                                    found->is_whole ? "whole " : "", found->min, found->max));
    return &*found;
}

} // namespace

Result<std::vector<Candidate>> make_candidates(const config::PipelineFile& file) {
    const std::vector<Method> methods = methods_for(file);
    const auto method = std::ranges::find(methods, file.algorithm, &Method::name);
    if (method == methods.end())
        return fail(
            Errc::malformed,
            fmt::format("{}: '{}' does not learn {}; what does is {}", file.where("algorithm"),
                        file.algorithm, file.is_label ? "labels" : "values", names_of(methods)));
    std::vector<Candidate> out{{method->algorithm, file.algorithm}};
    for (const config::PipelineSetting& wanted : file.settings) {
        HF_TRY(const Setting* setting, setting_of(*method, wanted));
        if (out.size() * wanted.values.size() > kCandidatesMax)
            return fail(Errc::malformed, fmt::format("{}: a grid of more than {} candidates",
                                                     wanted.where, kCandidatesMax));
        std::vector<Candidate> wider;
        for (const Candidate& candidate : out)
            for (const double value : wanted.values) {
                Candidate& each = wider.emplace_back(candidate);
                setting->set(each.algorithm, value);
                each.text += fmt::format(" {}={}", wanted.name, value);
            }
        out = std::move(wider);
    }
    return out;
}

} // namespace holdfast::pipeline
