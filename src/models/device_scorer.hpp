#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::models {

// What a model makes of the samples of many devices, whichever kind of model it is. One thread.
class DeviceScorer {
public:
    static constexpr std::size_t kDevicesMax = 10'000; // of one model and partition

    virtual ~DeviceScorer() = default;

    struct Scored {
        double score = 0.0;
        bool is_warm = false;                // it has learnt enough to raise alarms
        std::optional<alarms::Alarm> change; // an alarm that was raised, got worse or was cleared
        bool is_worse = false;               // it was raised before
    };
    // `values` has one for each field of the model, NaN where a message has none. limit_exceeded,
    // naming the device, where it would be one too many.
    [[nodiscard]] virtual Result<Scored> score(std::string_view device, std::int64_t event_ms,
                                               std::span<const double> values) = 0;
    // Whether a message without a number in any field is a sample, too.
    [[nodiscard]] virtual bool takes_empty() const noexcept { return false; }
    [[nodiscard]] virtual std::size_t device_count() const noexcept = 0;
    // Devices whose state has moved since the last call, with that state.
    [[nodiscard]] virtual std::map<std::string, Bytes> take_changed() = 0;
    // corrupt, naming the device.
    [[nodiscard]] virtual Result<void> restore(std::string_view device, ByteView state) = 0;
};

} // namespace holdfast::models
