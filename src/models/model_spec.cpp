#include <holdfast/models/model_spec.hpp>

#include <holdfast/column/field.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>

namespace holdfast::models {
namespace {

constexpr std::size_t kFieldsMax = 32;
static_assert(ml::kEwmaChartSignalsMax == kFieldsMax && ml::kEwmaPcaSignalsMax == kFieldsMax &&
              ml::kLevelShiftSignalsMax == kFieldsMax && ml::kSensorFaultSignalsMax == kFieldsMax &&
              ml::kRlsSignalsMax == kFieldsMax && ml::kEnsembleSignalsMax == kFieldsMax);

// One option of a kind: where its value goes, and the range it must lie in.
struct Known {
    std::string_view name;
    double low;
    double high;
    std::function<void(double)> set;
};

constexpr std::array kKinds = {
    ModelKind::range_forest, ModelKind::seasonal_range, ModelKind::ewma_chart, ModelKind::ewma_pca,
    ModelKind::level_shift,  ModelKind::sensor_fault,   ModelKind::rls,        ModelKind::ensemble};

std::string all_kinds() {
    std::string out;
    for (const ModelKind kind : kKinds) {
        if (!out.empty()) out += ", ";
        out += to_string(kind);
    }
    return out;
}

constexpr double kYearMs = 366.0 * 86'400'000.0;

std::function<void(double)> count(std::uint32_t& to) {
    return [&to](double v) { to = static_cast<std::uint32_t>(v); };
}
std::function<void(double)> number(double& to) {
    return [&to](double v) { to = v; };
}

std::vector<Known> options(ml::RangeForestSettings& to) {
    return {{"warmup_samples", 1, 1e6, count(to.warmup_samples)},
            {"limit", 0.001, 1000, number(to.limit)},
            {"habituation", 0, 1000, number(to.habituation)},
            {"silence_samples", 0, 1e6, count(to.silence_samples)}};
}

std::vector<Known> options(ml::SeasonalRangeSettings& to) {
    return {
        {"slack", 0, 1, number(to.slack)},
        {"debt_decay", 0, 0.999, number(to.debt_decay)},
        {"debt_limit", 0.001, 1000, number(to.debt_limit)},
        {"silence", 0, kYearMs, [&to](double v) { to.silence_ms = static_cast<std::int64_t>(v); }},
        {"warmup_samples", 1, 1e6, count(to.warmup_samples)}};
}

std::vector<Known> options(ml::EwmaChartSettings& to) {
    return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
            {"smoothing", 0.01, 1, number(to.smoothing)},
            {"drift", 0, 1000, number(to.drift)},
            {"limit", 0.001, 1000, number(to.limit)}};
}

std::vector<Known> options(ml::EwmaPcaSettings& to) {
    return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
            {"smoothing", 0.01, 1, number(to.smoothing)},
            {"kept_variance", 0.05, 0.999, number(to.kept_variance)},
            {"t2_factor", 0.1, 1e6, number(to.t2_factor)},
            {"q_factor", 0.1, 1e6, number(to.q_factor)},
            {"hold_samples", 1, 1000, count(to.hold_samples)}};
}

std::vector<Known> options(ml::LevelShiftSettings& to) {
    return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
            {"memory", 100, 1e6, number(to.memory)},
            {"shift", 0.001, 1000, number(to.shift)},
            {"spread", 0.001, 1000, number(to.spread)},
            {"hold_samples", 0, 1e6, count(to.hold_samples)}};
}

std::vector<Known> options(ml::SensorFaultSettings& to) {
    return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
            {"stuck", 0.001, 1000, number(to.stuck)},
            {"noise", 0.001, 1000, number(to.noise)},
            {"gap", 0.001, 1e6, number(to.gap)},
            {"hold_samples", 0, 1e6, count(to.hold_samples)}};
}

std::vector<Known> options(ml::RlsSettings& to) {
    return {{"warmup_samples", 20, 10'000, count(to.warmup_samples)},
            {"memory", 100, 1e6, number(to.memory)},
            {"smoothing", 0.01, 1, number(to.smoothing)},
            {"lasting", 0.001, 1000, number(to.lasting)},
            {"momentary", 0.001, 1000, number(to.momentary)},
            {"hold_samples", 0, 1e6, count(to.hold_samples)}};
}

std::vector<Known> options(ml::EnsembleSettings& to) {
    // A member's own options go by its own names; those that two have are set in both.
    return {{"warmup_samples", 20, 10'000,
             [&to](double v) {
                 to.chart.warmup_samples = to.rls.warmup_samples = to.fault.warmup_samples =
                     static_cast<std::uint32_t>(v);
             }},
            {"hold_samples", 0, 1e6,
             [&to](double v) {
                 to.rls.hold_samples = to.fault.hold_samples = static_cast<std::uint32_t>(v);
             }},
            {"patience_samples", 1, 1e6, number(to.patience_samples)},
            {"limit", 0.001, 1000, number(to.chart.limit)},
            {"smoothing", 0.01, 1, number(to.chart.smoothing)},
            {"drift", 0, 1000, number(to.chart.drift)},
            {"memory", 100, 1e6, number(to.rls.memory)},
            {"lasting", 0.001, 1000, number(to.rls.lasting)},
            {"momentary", 0.001, 1000, number(to.rls.momentary)},
            {"stuck", 0.001, 1000, number(to.fault.stuck)},
            {"noise", 0.001, 1000, number(to.fault.noise)},
            {"gap", 0.001, 1e6, number(to.fault.gap)}};
}

std::vector<Known> options_of(ModelSpec& spec) {
    switch (spec.kind) {
        case ModelKind::range_forest: return options(spec.range_forest);
        case ModelKind::seasonal_range: return options(spec.seasonal_range);
        case ModelKind::ewma_chart: return options(spec.ewma_chart);
        case ModelKind::ewma_pca: return options(spec.ewma_pca);
        case ModelKind::level_shift: return options(spec.level_shift);
        case ModelKind::sensor_fault: return options(spec.sensor_fault);
        case ModelKind::rls: return options(spec.rls);
        case ModelKind::ensemble: return options(spec.ensemble);
    }
    return {};
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

// Each for itself, so that one will do.
bool is_for_each_field(ModelKind kind) {
    return kind == ModelKind::level_shift || kind == ModelKind::sensor_fault;
}

Result<ModelKind> kind_of(const config::ModelFile& file) {
    if (file.kind == "auto")
        return file.fields.size() == 1 ? ModelKind::range_forest : ModelKind::ensemble;
    for (const ModelKind kind : kKinds)
        if (file.kind == to_string(kind)) return kind;
    return fail(Errc::malformed, fmt::format("{}: kind: '{}' is not one of auto, {}",
                                             file.file.string(), file.kind, all_kinds()));
}

Result<void> check_fields(const ModelSpec& spec, const std::string& file) {
    const std::size_t count = spec.fields.size();
    const bool is_one = is_for_one_field(spec.kind);
    const std::size_t least = is_one || is_for_each_field(spec.kind) ? 1 : 2;
    const std::size_t most = is_one ? 1 : kFieldsMax;
    if (count < least || count > most)
        return fail(
            Errc::malformed,
            fmt::format("{}: fields: {} watches {}", file, to_string(spec.kind),
                        is_one ? "one field" : fmt::format("{} to {} fields", least, most)));
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
        case ModelKind::level_shift: return "level_shift";
        case ModelKind::sensor_fault: return "sensor_fault";
        case ModelKind::rls: return "rls";
        case ModelKind::ensemble: return "ensemble";
    }
    return "?";
}

double ModelSpec::threshold() const noexcept {
    switch (kind) {
        case ModelKind::range_forest: return range_forest.threshold;
        case ModelKind::seasonal_range: return seasonal_range.threshold;
        case ModelKind::ewma_chart: return ewma_chart.threshold;
        case ModelKind::ewma_pca: return ewma_pca.threshold;
        case ModelKind::level_shift: return level_shift.threshold;
        case ModelKind::sensor_fault: return sensor_fault.threshold;
        case ModelKind::rls: return rls.threshold;
        case ModelKind::ensemble: return ensemble.threshold;
    }
    return 0.5;
}

void ModelSpec::set_threshold(double threshold) noexcept {
    range_forest.threshold = threshold;
    seasonal_range.threshold = threshold;
    ewma_chart.threshold = threshold;
    ewma_pca.threshold = threshold;
    level_shift.threshold = threshold;
    sensor_fault.threshold = threshold;
    rls.threshold = threshold;
    ensemble.threshold = threshold;
}

ModelSpec::WarmUp ModelSpec::warm_up() const noexcept {
    switch (kind) {
        case ModelKind::range_forest: return {range_forest.warmup_samples, range_forest.warmup_ms};
        case ModelKind::seasonal_range:
            return {seasonal_range.warmup_samples, seasonal_range.warmup_ms};
        case ModelKind::ewma_chart: return {ewma_chart.warmup_samples, 0};
        case ModelKind::ewma_pca: return {ewma_pca.warmup_samples, 0};
        case ModelKind::level_shift: return {level_shift.warmup_samples, 0};
        case ModelKind::sensor_fault: return {sensor_fault.warmup_samples, 0};
        case ModelKind::rls: return {rls.warmup_samples, 0};
        case ModelKind::ensemble: return {ensemble.fault.warmup_samples, 0}; // the first to speak
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
    spec.prime_ms = static_cast<std::int64_t>(file.prime_ms);
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
    if (file.threshold > 0) spec.set_threshold(file.threshold);
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
