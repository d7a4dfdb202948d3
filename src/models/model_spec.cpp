#include <holdfast/models/model_spec.hpp>

#include <holdfast/column/field.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <cmath>
#include <functional>

namespace holdfast::models {
namespace {

// One option of a kind: where its value goes, and the range it must lie in.
struct Known {
    std::string_view name;
    double low;
    double high;
    std::function<void(double)> set;
};

constexpr double kYearMs = 366.0 * 86'400'000.0;

std::vector<Known> options_of(ModelSpec& spec) {
    if (spec.kind == ModelKind::seasonal_range) {
        ml::SeasonalRangeSettings& to = spec.seasonal_range;
        return {{"slack", 0, 1, [&to](double v) { to.slack = v; }},
                {"debt_decay", 0, 0.999, [&to](double v) { to.debt_decay = v; }},
                {"debt_limit", 0.001, 1000, [&to](double v) { to.debt_limit = v; }},
                {"silence", 0, kYearMs,
                 [&to](double v) { to.silence_ms = static_cast<std::int64_t>(v); }},
                {"warmup_samples", 1, 1e6,
                 [&to](double v) { to.warmup_samples = static_cast<std::uint32_t>(v); }}};
    }
    ml::EwmaPcaSettings& to = spec.ewma_pca;
    return {{"warmup_samples", 20, 10'000,
             [&to](double v) { to.warmup_samples = static_cast<std::uint32_t>(v); }},
            {"smoothing", 0.01, 1, [&to](double v) { to.smoothing = v; }},
            {"kept_variance", 0.05, 0.999, [&to](double v) { to.kept_variance = v; }},
            {"t2_factor", 0.1, 1e6, [&to](double v) { to.t2_factor = v; }},
            {"q_factor", 0.1, 1e6, [&to](double v) { to.q_factor = v; }},
            {"hold_samples", 1, 1000,
             [&to](double v) { to.hold_samples = static_cast<std::uint32_t>(v); }}};
}

Result<void> apply_option(ModelSpec& spec, const config::ModelOption& option) {
    for (const Known& known : options_of(spec)) {
        if (known.name != option.name) continue;
        const double* value = std::get_if<double>(&option.value);
        if (value == nullptr || !(*value >= known.low && *value <= known.high))
            return fail(Errc::malformed, fmt::format("{}: must be a number from {} to {}",
                                                     option.where, known.low, known.high));
        known.set(*value);
        return ok();
    }
    return fail(Errc::malformed, fmt::format("{}: a model of kind {} has no such option",
                                             option.where, to_string(spec.kind)));
}

Result<ModelKind> kind_of(const config::ModelFile& file) {
    for (const ModelKind kind : {ModelKind::seasonal_range, ModelKind::ewma_pca})
        if (file.kind == to_string(kind)) return kind;
    return fail(Errc::malformed,
                fmt::format("{}: kind: '{}' is not one of seasonal_range, ewma_pca",
                            file.file.string(), file.kind));
}

Result<void> check_fields(const ModelSpec& spec, const std::string& file) {
    const std::size_t count = spec.fields.size();
    if (spec.kind == ModelKind::seasonal_range && count != 1)
        return fail(Errc::malformed, file + ": fields: seasonal_range watches one field");
    if (spec.kind == ModelKind::ewma_pca && (count < 2 || count > ml::kEwmaPcaSignalsMax))
        return fail(Errc::malformed, file + ": fields: ewma_pca watches 2 to 32 fields");
    std::vector<std::string> paths = spec.fields;
    if (!spec.time.empty()) paths.push_back(spec.time);
    for (const std::string& path : paths) {
        if (const auto parsed = column::Path::parse(path); !parsed)
            return fail(Errc::malformed,
                        fmt::format("{}: fields: '{}': {}", file, path, parsed.error().context));
    }
    return ok();
}

} // namespace

std::string_view to_string(ModelKind kind) noexcept {
    return kind == ModelKind::seasonal_range ? "seasonal_range" : "ewma_pca";
}

Result<ModelSpec> check_model(const config::ModelFile& file) {
    const std::string name = file.file.string();
    ModelSpec spec;
    HF_TRY(spec.kind, kind_of(file));
    spec.name = file.name;
    spec.source = file.source;
    spec.topic = file.topic;
    spec.fields = file.fields;
    spec.time = file.time;
    if (!file.severity.empty()) {
        const auto severity = alarms::severity_from(file.severity);
        if (!severity)
            return fail(Errc::malformed,
                        fmt::format("{}: severity: '{}' is not one of info, minor, major, critical",
                                    name, file.severity));
        spec.severity = *severity;
    }
    if (file.warmup_ms != 0) {
        if (spec.kind != ModelKind::seasonal_range)
            return fail(Errc::malformed, name + ": warmup: ewma_pca counts warmup_samples");
        spec.seasonal_range.warmup_ms = static_cast<std::int64_t>(file.warmup_ms);
    }
    if (file.threshold > 0) {
        spec.seasonal_range.threshold = file.threshold;
        spec.ewma_pca.threshold = file.threshold;
    }
    for (const config::ModelOption& option : file.options) {
        HF_TRY(apply_option(spec, option));
    }
    if (!spec.topic.empty() && !topic::is_topic_filter(spec.topic))
        return fail(Errc::malformed,
                    fmt::format("{}: topic: '{}' is not a topic filter", name, spec.topic));
    HF_TRY(check_fields(spec, name));
    return spec;
}

Result<ModelSpec> parse_model(std::string_view text, std::string_view origin) {
    HF_TRY(const config::ModelFile file,
           config::parse_model(std::string(text), std::filesystem::path(origin)));
    return check_model(file);
}

} // namespace holdfast::models
