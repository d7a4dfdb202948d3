#pragma once

#include <holdfast/ml/training/table.hpp>
#include <holdfast/pipeline/plan.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::pipeline {

// What a training learns from: features and targets, in order of event time, then of device.
struct TrainingRows {
    ml::Table x; // a column for each feature of the plan
    std::vector<double> y;
    std::vector<std::int64_t> times;  // epoch milliseconds
    std::vector<std::size_t> groups;  // places in `devices`
    std::vector<std::string> devices; // sorted
    std::size_t samples = 0;          // that were read
    std::size_t without_target = 0;   // rows that were left out: no target, or a life without end
};

// 256 MiB of doubles: of what is read, and again of what features are made of it.
inline constexpr std::size_t kCellsMax = 32U << 20U;

// Gathers the samples of all devices, in any order, and makes rows to train on of them.
class Samples {
public:
    // `plan` outlives it.
    explicit Samples(const Plan& plan, std::size_t cells_max = kCellsMax);

    // `signals` has a value for each signal of the plan: asserted; NaN is a missing one. `target`
    // is that of the target's or the end's column. too_large beyond the bound.
    [[nodiscard]] Result<void> add(std::string_view device, std::int64_t event_ms,
                                   std::span<const double> signals, double target);

    // Cleansed, as features, with the target. Deterministic: the order of devices that were added
    // at the same time does not matter. malformed: no row has a target; too_large. Cost: O(n log n)
    // and that of the features.
    [[nodiscard]] Result<TrainingRows> rows() const;

private:
    [[nodiscard]] std::vector<std::size_t> in_order(const std::vector<std::size_t>& rank) const;

    const Plan& plan_;
    std::size_t cells_max_;
    std::vector<std::string> devices_; // in the order of their first sample
    std::map<std::string, std::size_t, std::less<>> place_of_;
    std::vector<std::size_t> device_; // by sample, as are the next
    std::vector<std::int64_t> times_;
    std::vector<double> targets_;
    std::vector<double> signals_; // a row for each sample
};

} // namespace holdfast::pipeline
