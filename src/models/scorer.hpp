#pragma once

#include "models/departure.hpp"
#include "models/device_detector.hpp"
#include "models/device_scorer.hpp"

#include <holdfast/alarms/alarm.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::models {

// A model at work on many devices: the part that live scoring and back-tests share, so that the
// same samples give the same alarms in both. One thread.
class Scorer final : public DeviceScorer {
public:
    explicit Scorer(const ModelSpec& spec) : spec_(spec) {} // `spec` outlives it

    Result<Scored> score(std::string_view device, std::int64_t event_ms,
                         std::span<const double> values) override;
    std::size_t device_count() const noexcept override { return devices_.size(); }
    std::map<std::string, Bytes> take_changed() override;
    Result<void> restore(std::string_view device, ByteView state) override;

    // As score(), but no alarm comes of it: not when it is raised, nor when that one clears.
    Result<Scored> prime(std::string_view device, std::int64_t event_ms,
                         std::span<const double> values);
    // Why the last sample of a device that was scored did as it did.
    [[nodiscard]] ml::Explanation explain(std::string_view device) const;

private:
    struct Device {
        DeviceDetector detector;
        std::int64_t raised_ms = 0;
        std::uint64_t raises = 0;
        Departure departure{};
    };
    struct Sample {
        std::int64_t event_ms = 0;
        std::span<const double> values;
    };
    // limit_exceeded.
    Result<Device*> device_of(std::string_view name);
    ml::Verdict update(Device& device, std::int64_t event_ms, std::span<const double> values);
    [[nodiscard]] alarms::Alarm alarm_of(std::string_view device, const Device& state,
                                         const Sample& sample, const ml::Verdict& verdict) const;
    [[nodiscard]] Result<Device> read_device(ByteView state) const;

    const ModelSpec& spec_;
    std::map<std::string, Device, std::less<>> devices_;
    std::set<std::string, std::less<>> changed_;
};

} // namespace holdfast::models
