#include "models/device_detector.hpp"

namespace holdfast::models {
namespace {

std::variant<ml::SeasonalRange, ml::EwmaPca> make(const ModelSpec& spec) {
    if (spec.kind == ModelKind::seasonal_range) return ml::SeasonalRange(spec.seasonal_range);
    return ml::EwmaPca(spec.fields.size(), spec.ewma_pca);
}

} // namespace

DeviceDetector::DeviceDetector(const ModelSpec& spec) : detector_(make(spec)) {}

ml::Verdict DeviceDetector::update(std::int64_t event_ms, std::span<const double> values) {
    if (auto* seasonal = std::get_if<ml::SeasonalRange>(&detector_))
        return seasonal->update(event_ms, values.front());
    return std::get<ml::EwmaPca>(detector_).update(values);
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
