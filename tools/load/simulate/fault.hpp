#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::load {

// What may go wrong with a unit.
enum class FaultKind : std::uint8_t {
    none,
    coolant_leak,   // car: coolant climbs past 110 degrees; a plain threshold sees it
    oil_pump_wear,  // car: oil pressure stays in its range, but no longer follows the rpm
    bearing_wear,   // elevator: vibration stays in its range, but no longer follows the current
    motor_overload, // elevator: the motor draws far too much and heats up
};
[[nodiscard]] std::string_view to_string(FaultKind kind) noexcept;
// The signals that it shows in, as a JSON array.
[[nodiscard]] std::string_view signals_of(FaultKind kind) noexcept;
[[nodiscard]] bool is_car_fault(FaultKind kind) noexcept;

struct Fault {
    FaultKind kind = FaultKind::none;
    std::size_t device = 0; // index in the fleet
    double start_s = 0;     // since the simulation began
    double end_s = 0;
};

struct FaultPlan {
    std::vector<FaultKind> kinds; // empty: none
    double first_s = 26;          // warm-up before the first one
    double every_s = 5;
    double length_s = 12;
    double quiet_end_s = 10; // none may still last so close to the end, so that alarms clear
};

// "all", "none" or names with commas between them. Errors: malformed, naming the unknown kind.
[[nodiscard]] Result<std::vector<FaultKind>> parse_fault_kinds(std::string_view text);

// Faults of the kinds in turn, on devices drawn by `seed`, never two at once on one device.
// `cars` devices come first in the fleet, then `elevators`; a kind without devices is left out.
[[nodiscard]] std::vector<Fault> schedule_faults(const FaultPlan& plan, std::size_t cars,
                                                 std::size_t elevators, double duration_s,
                                                 std::uint64_t seed);

} // namespace holdfast::load
