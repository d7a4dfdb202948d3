#include "models/device_detector.hpp"

namespace holdfast::models {
namespace {

Detector make(const ModelSpec& spec) {
    switch (spec.kind) {
        case ModelKind::range_forest: return ml::RangeForest(spec.range_forest);
        case ModelKind::seasonal_range: return ml::SeasonalRange(spec.seasonal_range);
        case ModelKind::ewma_chart: return ml::EwmaChart(spec.fields.size(), spec.ewma_chart);
        case ModelKind::ewma_pca: return ml::EwmaPca(spec.fields.size(), spec.ewma_pca);
        case ModelKind::level_shift: return ml::LevelShift(spec.fields.size(), spec.level_shift);
        case ModelKind::sensor_fault: return ml::SensorFault(spec.fields.size(), spec.sensor_fault);
        case ModelKind::rls: return ml::Rls(spec.fields.size(), spec.rls);
        case ModelKind::ensemble: break;
    }
    return ml::Ensemble(spec.fields.size(), spec.ensemble);
}

} // namespace

DeviceDetector::DeviceDetector(const ModelSpec& spec) : detector_(make(spec)) {}

ml::Verdict DeviceDetector::update(std::int64_t event_ms, std::span<const double> values) {
    return std::visit(
        [&](auto& detector) {
            if constexpr (requires { detector.update(values); })
                return detector.update(values);
            else if constexpr (requires { detector.update(event_ms, values); })
                return detector.update(event_ms, values);
            else
                return detector.update(event_ms, values.front());
        },
        detector_);
}

ml::Explanation DeviceDetector::explain() const {
    return std::visit([](const auto& detector) { return detector.explain(); }, detector_);
}

void DeviceDetector::save(Bytes& out) const {
    std::visit([&](const auto& detector) { detector.save(out); }, detector_);
}

Result<void> DeviceDetector::restore(ByteView bytes) {
    return std::visit([&](auto& detector) { return detector.restore(bytes); }, detector_);
}

} // namespace holdfast::models
