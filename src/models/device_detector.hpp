#pragma once

#include <holdfast/models/model_spec.hpp>

#include <span>
#include <variant>

namespace holdfast::models {

using Detector = std::variant<ml::RangeForest, ml::SeasonalRange, ml::EwmaChart, ml::EwmaPca,
                              ml::LevelShift, ml::SensorFault, ml::Rls, ml::Ensemble>;

// The detector of one device: whichever kind the model asks for.
class DeviceDetector {
public:
    explicit DeviceDetector(const ModelSpec& spec);

    // `values` has one value for each field of the model; NaN where a message has none.
    ml::Verdict update(std::int64_t event_ms, std::span<const double> values);
    [[nodiscard]] ml::Explanation explain() const;

    void save(Bytes& out) const;
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    Detector detector_;
};

} // namespace holdfast::models
