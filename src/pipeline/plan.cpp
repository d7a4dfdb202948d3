#include <holdfast/pipeline/plan.hpp>

#include <holdfast/pipeline/source.hpp>

#include "pipeline/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace holdfast::pipeline {
namespace {

enum class Takes : std::uint8_t { signal, samples, other, nothing };

struct Kind {
    std::string_view name;
    ml::FeatureKind kind;
    Takes takes;
};

constexpr std::array kKinds = {
    Kind{"value", ml::FeatureKind::value, Takes::signal},
    Kind{"lag", ml::FeatureKind::lag, Takes::samples},
    Kind{"difference", ml::FeatureKind::difference, Takes::samples},
    Kind{"mean", ml::FeatureKind::mean, Takes::samples},
    Kind{"deviation", ml::FeatureKind::deviation, Takes::samples},
    Kind{"min", ml::FeatureKind::min, Takes::samples},
    Kind{"max", ml::FeatureKind::max, Takes::samples},
    Kind{"slope", ml::FeatureKind::slope, Takes::samples},
    Kind{"ratio", ml::FeatureKind::ratio, Takes::other},
    Kind{"product", ml::FeatureKind::product, Takes::other},
    Kind{"hour", ml::FeatureKind::hour, Takes::nothing},
    Kind{"weekday", ml::FeatureKind::weekday, Takes::nothing},
};

Error wrong(const std::string& where, const std::string& why) {
    return fail(Errc::malformed, where + ": " + why);
}

Result<std::uint32_t> place_of(const std::vector<std::string>& signals, const std::string& name,
                               const std::string& where) {
    const auto found = std::ranges::find(signals, name);
    if (found == signals.end())
        return wrong(where,
                     fmt::format("'{}' is none of the signals {}", name, fmt::join(signals, ", ")));
    return static_cast<std::uint32_t>(found - signals.begin());
}

Result<const Kind*> kind_of(const config::PipelineFeature& feature) {
    const auto kind = std::ranges::find(kKinds, feature.kind, &Kind::name);
    if (kind == kKinds.end()) {
        std::string known;
        for (const Kind& each : kKinds)
            known += (known.empty() ? "" : ", ") + std::string(each.name);
        return wrong(feature.where, fmt::format("'{}' is none of {}", feature.kind, known));
    }
    const auto demand = [&](bool has, bool wants, const char* key) -> Result<void> {
        if (has == wants) return ok();
        return wrong(feature.where,
                     fmt::format("{} {} {}", feature.kind, wants ? "needs" : "takes no", key));
    };
    HF_TRY(demand(!feature.samples.empty(), kind->takes == Takes::samples, "samples"));
    HF_TRY(demand(!feature.other.empty(), kind->takes == Takes::other, "other"));
    if (kind->takes == Takes::nothing && !feature.signals.empty())
        return wrong(feature.where, fmt::format("{} takes no signals", feature.kind));
    return &*kind;
}

// Told before the work: a short file may name a great many.
Result<void> check_count(const config::PipelineFile& file) {
    const std::size_t signals = file.signals.size();
    if (signals > ml::kFeatureSignalsMax)
        return wrong(file.where("signals"),
                     fmt::format("{} signals, at most {}", signals, ml::kFeatureSignalsMax));
    std::size_t features = 0;
    for (const config::PipelineFeature& each : file.features)
        features += (each.signals.empty() ? signals : each.signals.size()) *
                    std::max<std::size_t>(1, each.samples.size());
    if (features <= ml::kFeatureSpecsMax) return ok();
    return wrong(file.where("features"), fmt::format("{} features with doubled ones, at most {}",
                                                     features, ml::kFeatureSpecsMax));
}

enum class Twice : std::uint8_t { refused, once }; // what is given again

// The features that an entry makes, and nothing else: one for each signal and number of samples.
class Features {
public:
    Features(Plan& plan, Twice twice) : plan_(plan), twice_(twice) {}

    Result<void> add(const config::PipelineFeature& feature) {
        HF_TRY(const Kind* kind, kind_of(feature));
        if (kind->takes == Takes::nothing) return put({kind->kind}, feature.kind, feature);
        const std::vector<std::string>& all = plan_.file.signals;
        for (const std::string& signal : feature.signals.empty() ? all : feature.signals) {
            HF_TRY(add_of(*kind, signal, feature));
        }
        return ok();
    }

private:
    Result<void> add_of(const Kind& kind, const std::string& signal,
                        const config::PipelineFeature& feature) {
        const std::vector<std::string>& all = plan_.file.signals;
        ml::FeatureSpec spec{kind.kind};
        HF_TRY(spec.signal, place_of(all, signal, feature.where));
        if (kind.takes == Takes::signal) return put(spec, signal, feature);
        if (kind.takes == Takes::other) {
            HF_TRY(spec.other, place_of(all, feature.other, feature.where));
            return put(spec, fmt::format("{}({}, {})", feature.kind, signal, feature.other),
                       feature);
        }
        for (const std::uint32_t samples : feature.samples) {
            spec.samples = samples;
            HF_TRY(put(spec, fmt::format("{}({}, {})", feature.kind, signal, samples), feature));
        }
        return ok();
    }

    Result<void> put(const ml::FeatureSpec& spec, std::string name,
                     const config::PipelineFeature& feature) {
        if (std::ranges::find(plan_.features, spec) == plan_.features.end()) {
            plan_.features.push_back(spec);
            plan_.feature_names.push_back(std::move(name));
            return ok();
        }
        if (twice_ == Twice::once) return ok();
        return wrong(feature.where, fmt::format("'{}' is given twice", name));
    }

    Plan& plan_;
    const Twice twice_;
};

Result<void> plan_cleansing(Plan& plan, Twice twice) {
    const config::PipelineFile& file = plan.file;
    CleansingSettings& out = plan.cleansing;
    out.step_ms = static_cast<std::int64_t>(file.step_ms);
    out.is_clipped = file.is_clipped;
    out.missing = file.missing == "drop"   ? Missing::drop
                  : file.missing == "last" ? Missing::last
                                           : Missing::keep;
    out.limits.resize(file.signals.size());
    std::set<std::string_view> limited;
    for (const config::PipelineLimit& limit : file.limits) {
        HF_TRY(const std::uint32_t at, place_of(file.signals, limit.signal, limit.where));
        if (!limited.emplace(limit.signal).second && twice == Twice::refused)
            return wrong(limit.where, "given twice");
        out.limits[at] = {limit.min, limit.max};
    }
    return ok();
}

// What tells the answer must not be asked for it.
Result<void> check_signals(const config::PipelineFile& file) {
    for (auto each = file.signals.begin(); each != file.signals.end(); ++each) {
        if (std::find(file.signals.begin(), each, *each) != each)
            return wrong(file.where("signals"), fmt::format("'{}' is given twice", *each));
        if (*each == file.target || *each == file.end)
            return wrong(file.where("signals"), fmt::format("'{}' is the target", *each));
    }
    return ok();
}

Result<void> check_one_source(const config::PipelineFile& file) {
    if (file.source.stream.empty() || file.source.query.empty()) return ok();
    return wrong(file.source.where, "a query beside a stream: rows are of one of both");
}

Result<Plan> check(config::PipelineFile file, Twice twice) {
    Plan plan;
    plan.file = std::move(file);
    HF_TRY(check_count(plan.file));
    HF_TRY(check_signals(plan.file));
    HF_TRY(check_source(plan.file));
    HF_TRY(plan_cleansing(plan, twice));
    if (plan.file.features.empty()) plan.file.features.push_back({"value", {}, {}, "", ""});
    Features features(plan, twice);
    for (const config::PipelineFeature& feature : plan.file.features) {
        HF_TRY(features.add(feature));
    }
    if (const auto made = ml::FeatureStream::make(plan.features, plan.file.signals.size()); !made)
        return wrong(plan.file.where("features"), made.error().context);
    HF_TRY(plan.candidates, make_candidates(plan.file));
    const bool needs_devices = plan.file.folds_by == config::PipelineSplit::device ||
                               plan.file.folds_by == config::PipelineSplit::both ||
                               plan.file.test_by == config::PipelineSplit::device;
    if (needs_devices && plan.file.device.empty())
        return wrong(plan.file.where("device"), "is missing: rows are to be split by device");
    return plan;
}

} // namespace

Result<Plan> check_pipeline(config::PipelineFile file) {
    HF_TRY(check_one_source(file));
    return check(std::move(file), Twice::refused);
}

Result<Plan> check_stored_pipeline(config::PipelineFile file) {
    return check(std::move(file), Twice::once);
}

} // namespace holdfast::pipeline
