#pragma once

#include <holdfast/alarms/severity.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/config/model_file.hpp>
#include <holdfast/ml/ensemble.hpp>
#include <holdfast/ml/ewma_chart.hpp>
#include <holdfast/ml/ewma_pca.hpp>
#include <holdfast/ml/level_shift.hpp>
#include <holdfast/ml/range_forest.hpp>
#include <holdfast/ml/rls.hpp>
#include <holdfast/ml/seasonal_range.hpp>
#include <holdfast/ml/sensor_fault.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::models {

enum class ModelKind : std::uint8_t {
    range_forest,
    seasonal_range,
    ewma_chart,
    ewma_pca,
    level_shift,
    sensor_fault,
    rls,
    ensemble
};
[[nodiscard]] std::string_view to_string(ModelKind kind) noexcept;

// A model, checked: which detector runs on which fields of which messages.
struct ModelSpec {
    std::string name;
    ModelKind kind = ModelKind::range_forest; // `auto` is resolved by the number of fields
    std::string source;                       // stream that is read
    std::string topic;                        // topic filter that narrows it; empty: all of it
    std::vector<std::string> fields;          // payload paths: as many as the kind watches
    std::string time;                         // payload path of the event time; empty: as for rules
    std::int64_t prime_ms = 0; // a new one is fed with so much of what is stored; 0: nothing
    std::optional<alarms::Severity> severity{}; // empty: by score and duration
    ml::RangeForestSettings range_forest;
    ml::SeasonalRangeSettings seasonal_range;
    ml::EwmaChartSettings ewma_chart;
    ml::EwmaPcaSettings ewma_pca;
    ml::LevelShiftSettings level_shift;
    ml::SensorFaultSettings sensor_fault;
    ml::RlsSettings rls;
    ml::EnsembleSettings ensemble;

    [[nodiscard]] double threshold() const noexcept;
    void set_threshold(double threshold) noexcept; // in (0, 1], of whatever kind
    // No alarm before so many samples, nor before so much event time.
    struct WarmUp {
        std::uint32_t samples = 0;
        std::int64_t ms = 0;
    };
    [[nodiscard]] WarmUp warm_up() const noexcept;
};

// malformed, naming the file's place: an unknown kind or option, a value out of its bounds, too few
// or too many fields, a path or filter that is none.
[[nodiscard]] Result<ModelSpec> check_model(const config::ModelFile& file);
// The same from YAML, or JSON, which YAML contains; `origin` stands for the file in errors.
[[nodiscard]] Result<ModelSpec> parse_model(std::string_view text, std::string_view origin);

} // namespace holdfast::models
