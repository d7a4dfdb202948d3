#pragma once

#include <load/simulate/device.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::load {

struct FleetSize {
    std::size_t cars = 0;
    std::size_t elevators = 0;
};

// "cars", "elevators" (20 of them) or "cars=20,elevators=5"; adds to `size`, at most 10,000 in
// all. Errors: malformed, limit_exceeded.
[[nodiscard]] Result<FleetSize> parse_fleet(std::string_view text, FleetSize size);

// Devices and the faults that befall them: cars first, then elevators.
class Fleet {
public:
    Fleet(const FleetSize& size, std::uint64_t seed, std::vector<Fault> faults);

    [[nodiscard]] std::size_t size() const noexcept { return devices_.size(); }
    [[nodiscard]] const Device& device(std::size_t index) const { return *devices_[index]; }
    [[nodiscard]] const std::vector<Fault>& faults() const noexcept { return faults_; }
    // The fault that `index` suffers `at_s` after the beginning.
    [[nodiscard]] FaultKind fault_at(std::size_t index, double at_s) const noexcept;
    // Lets device `index` live on to `at_s` and gives its message.
    [[nodiscard]] std::string message(std::size_t index, double at_s, std::int64_t ts_ms);

private:
    std::vector<std::unique_ptr<Device>> devices_;
    std::vector<double> lived_s_; // per device
    std::vector<Fault> faults_;
};

} // namespace holdfast::load
