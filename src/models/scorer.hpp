#pragma once

#include "models/device_detector.hpp"

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
class Scorer {
public:
    static constexpr std::size_t kDevicesMax = 10'000; // of one model and partition

    explicit Scorer(const ModelSpec& spec) : spec_(spec) {} // `spec` outlives it

    struct Scored {
        double score = 0.0;
        std::optional<alarms::Alarm> change; // an alarm that was raised or cleared
    };
    // limit_exceeded, naming the device, where it would be one too many.
    [[nodiscard]] Result<Scored> score(std::string_view device, std::int64_t event_ms,
                                       std::span<const double> values);

    [[nodiscard]] std::size_t device_count() const noexcept { return devices_.size(); }

    // Devices whose state has moved since the last call, with that state.
    [[nodiscard]] std::map<std::string, Bytes> take_changed();
    // corrupt, naming the device.
    [[nodiscard]] Result<void> restore(std::string_view device, ByteView state);

private:
    struct Device {
        DeviceDetector detector;
        std::int64_t raised_ms = 0;
        std::uint64_t raises = 0;
    };
    [[nodiscard]] alarms::Alarm alarm_of(std::string_view device, const Device& state,
                                         std::int64_t event_ms, const ml::Verdict& verdict) const;

    const ModelSpec& spec_;
    std::map<std::string, Device, std::less<>> devices_;
    std::set<std::string, std::less<>> changed_;
};

} // namespace holdfast::models
