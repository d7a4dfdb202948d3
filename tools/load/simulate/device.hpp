#pragma once

#include <load/simulate/fault.hpp>

#include <cstdint>
#include <string>

namespace holdfast::load {

// A simulated unit. The same seed, steps and faults give the same messages.
class Device {
public:
    virtual ~Device() = default;

    [[nodiscard]] virtual const std::string& id() const noexcept = 0;
    [[nodiscard]] virtual const std::string& topic() const noexcept = 0;
    // Lets `seconds` (at most 1) pass under `fault`.
    virtual void step(double seconds, FaultKind fault) = 0;
    // The state now as one JSON object with "ts" (epoch milliseconds) first.
    [[nodiscard]] virtual std::string to_json(std::int64_t ts_ms) = 0;
};

} // namespace holdfast::load
