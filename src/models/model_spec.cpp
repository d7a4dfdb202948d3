#include <holdfast/models/model_spec.hpp>

#include <holdfast/column/field.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>

namespace holdfast::models {
namespace {

static_assert(ml::kEwmaChartSignalsMax == ml::kEwmaPcaSignalsMax);

// One option of a kind: where its value goes, and the range it must lie in.
struct Known {
    std::string_view name;
    double low;
    double high;
    std::function<void(double)> set;
};

constexpr std::array kKinds = {ModelKind::range_forest, ModelKind::seasonal_range,
                               ModelKind::ewma_chart, ModelKind::ewma_pca};

std::string all_kinds() {
    std::string out;
    for (const ModelKind kind : kKinds) {
        if (!out.empty()) out += ", ";
        out += to_string(kind);
    }
    return out;
}

constexpr double kYearMs = 366.0 * 86'400'000.0;

std::vector<Known> options_of(ModelSpec& spec) {
    const auto count = [](std::uint32_t& to) {
        return [&to](double v) { to = static_cast<std::uint32_t>(v); };
    };
    if (spec.kind == ModelKind::range_forest) {
        ml::RangeForestSettings& to = spec.range_forest;
        return {{"warmup_samples", 1, 1e6, count(to.warmup_samples)},
                {"limit", 0.001, 1000, [&to](double v) { to.limit = v; }},
                {"habituation", 0, 1000, [&to](double v) { to.habituation = v; }},
                {"silence_samples", 0, 1e6, count(to.silence_samples)}};
    }
    if (spec.kind == ModelKind::seasonal_range) {
        ml::SeasonalRangeSettings& to = spec.seasonal_range;
        return {{"slack", 0, 1, [&to](double v) { to.slack = v; }},
                {"debt_decay", 0, 0.999, [&to](double v) { to.debt_decay = v; }},
                {"debt_limit", 0.001, 1000, [&to](double v) { to.debt_limit = v; }},
                {"silence", 0, kYearMs,
                 [&to](double v) { to.silence_ms = static_cast<std::int64_t>(v); }},
                {"warmup_samples", 1, 1e6, count(to.warmup_samples)}};
    }
    if (spec.kind == ModelKind::ewma_chart) {
        ml::EwmaChartSettings& to = spec.ewma_chart;
        return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
                {"smoothing", 0.01, 1, [&to](double v) { to.smoothing = v; }},
                {"drift", 0, 1000, [&to](double v) { to.drift = v; }},
                {"limit", 0.001, 1000, [&to](double v) { to.limit = v; }}};
    }
    ml::EwmaPcaSettings& to = spec.ewma_pca;
    return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
            {"smoothing", 0.01, 1, [&to](double v) { to.smoothing = v; }},
            {"kept_variance", 0.05, 0.999, [&to](double v) { to.kept_variance = v; }},
            {"t2_factor", 0.1, 1e6, [&to](double v) { to.t2_factor = v; }},
            {"q_factor", 0.1, 1e6, [&to](double v) { to.q_factor = v; }},
            {"hold_samples", 1, 1000, count(to.hold_samples)}};
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

bool is_for_one_field(ModelKind kind) {
    return kind == ModelKind::range_forest || kind == ModelKind::seasonal_range;
}

Result<ModelKind> kind_of(const config::ModelFile& file) {
    if (file.kind == "auto")
        return file.fields.size() == 1 ? ModelKind::range_forest : ModelKind::ewma_chart;
    for (const ModelKind kind : kKinds)
        if (file.kind == to_string(kind)) return kind;
    return fail(Errc::malformed, fmt::format("{}: kind: '{}' is not one of auto, {}",
                                             file.file.string(), file.kind, all_kinds()));
}

Result<void> check_fields(const ModelSpec& spec, const std::string& file) {
    const std::size_t count = spec.fields.size();
    const bool is_one = is_for_one_field(spec.kind);
    if (is_one ? count != 1 : count < 2 || count > ml::kEwmaChartSignalsMax)
        return fail(Errc::malformed,
                    fmt::format("{}: fields: {} watches {}", file, to_string(spec.kind),
                                is_one ? "one field" : "2 to 32 fields"));
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
    switch (kind) {
        case ModelKind::range_forest: return "range_forest";
        case ModelKind::seasonal_range: return "seasonal_range";
        case ModelKind::ewma_chart: return "ewma_chart";
        case ModelKind::ewma_pca: return "ewma_pca";
    }
    return "?";
}

double ModelSpec::threshold() const noexcept {
    switch (kind) {
        case ModelKind::range_forest: return range_forest.threshold;
        case ModelKind::seasonal_range: return seasonal_range.threshold;
        case ModelKind::ewma_chart: return ewma_chart.threshold;
        case ModelKind::ewma_pca: return ewma_pca.threshold;
    }
    return 0.5;
}

ModelSpec::WarmUp ModelSpec::warm_up() const noexcept {
    switch (kind) {
        case ModelKind::range_forest: return {range_forest.warmup_samples, range_forest.warmup_ms};
        case ModelKind::seasonal_range:
            return {seasonal_range.warmup_samples, seasonal_range.warmup_ms};
        case ModelKind::ewma_chart: return {ewma_chart.warmup_samples, 0};
        case ModelKind::ewma_pca: return {ewma_pca.warmup_samples, 0};
    }
    return {};
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
        if (!is_for_one_field(spec.kind))
            return fail(Errc::malformed, fmt::format("{}: warmup: {} counts warmup_samples", name,
                                                     to_string(spec.kind)));
        spec.range_forest.warmup_ms = static_cast<std::int64_t>(file.warmup_ms);
        spec.seasonal_range.warmup_ms = static_cast<std::int64_t>(file.warmup_ms);
    }
    if (file.threshold > 0) {
        spec.range_forest.threshold = file.threshold;
        spec.seasonal_range.threshold = file.threshold;
        spec.ewma_chart.threshold = file.threshold;
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
