#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::bench {

// A recorded drive: rows of one number for each signal, about one a second.
struct Drive {
    std::string name;
    std::vector<std::string> signals;
    std::vector<std::string> times;
    std::vector<std::vector<double>> rows;
};

enum class FaultKind : std::uint8_t { drift, stuck, spikes, swapped };
inline constexpr std::size_t kFaultKinds = 4;
[[nodiscard]] std::string_view to_string(FaultKind kind) noexcept;

// One fault: rows first to last of one signal are not what was recorded.
struct Fault {
    FaultKind kind = FaultKind::drift;
    std::size_t signal = 0;
    std::size_t first = 0;
    std::size_t last = 0;
};

inline constexpr std::size_t kObdTrainingRows = 600; // ten minutes without a fault, not scored

// Puts one fault of each kind into the drive, in an order, at places and into signals that follow
// from `seed` and the drive's name alone; `other` is the drive that lends a signal. Deviations are
// those of the signal over its whole drive.
//
//   drift    the signal leaves by up to 2 deviations, evenly over 120 rows, and then is back
//   stuck    it keeps a value for 60 rows, in which it would have had at least 15 others
//   spikes   5 single rows, 12 apart, are off by 6 deviations
//   swapped  120 rows are those of the other drive, whose mean there is at least half a deviation
//            away or which follows this drive's with a correlation under a half
[[nodiscard]] std::vector<Fault> put_faults(Drive& drive, const Drive& other, std::uint32_t seed);

} // namespace holdfast::bench
