#include <holdfast/pipeline/samples.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace holdfast::pipeline {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Rows as they come out, before those without a target are left out.
struct Made {
    std::vector<double> features; // row by row
    TrainingRows rows;
};

// One device on its way through cleansing and features.
class DeviceRows {
public:
    DeviceRows(const Plan& plan, const ml::FeatureStream& fresh, std::size_t group)
        : plan_(plan), cleansing_(plan.cleansing), features_(fresh), group_(group) {}

    void update(std::int64_t event_ms, std::span<const double> signals, double target, Made& out) {
        std::vector<double> cleansed(signals.size());
        const auto time = cleansing_.update(event_ms, signals, cleansed);
        // What comes out of a step is all that went in before the sample that ended it.
        const bool is_late = plan_.cleansing.step_ms > 0;
        if (!is_late) join(target);
        if (time) {
            const std::size_t from = out.features.size();
            out.features.resize(from + features_.features());
            features_.update(*time, cleansed, std::span(out.features).subspan(from));
            out.rows.times.push_back(*time);
            out.rows.groups.push_back(group_);
            out.rows.y.push_back(target_);
            target_ = kNone;
        }
        if (is_late) join(target);
    }

private:
    // Of the samples of a step the newest target counts; an end is one wherever it came, also in a
    // sample that cleansing leaves out.
    void join(double target) {
        if (plan_.file.end.empty()) {
            if (plan_.cleansing.step_ms == 0 || !std::isnan(target)) target_ = target;
        } else if (!std::isnan(target)) {
            target_ = std::isnan(target_) ? std::abs(target) : std::max(std::abs(target), target_);
        }
    }

    const Plan& plan_;
    Cleansing cleansing_;
    ml::FeatureStream features_;
    std::size_t group_;
    double target_ = kNone;
};

// From whether a life ends in a row to how long it still lasts there.
void count_down(const config::PipelineFile& file, TrainingRows& rows) {
    std::map<std::size_t, std::int64_t> end_of;
    for (std::size_t row = rows.y.size(); row-- > 0;) {
        const bool is_end = !std::isnan(rows.y[row]) && rows.y[row] != 0.0;
        if (is_end) end_of[rows.groups[row]] = rows.times[row];
        const auto end = end_of.find(rows.groups[row]);
        if (end == end_of.end()) {
            rows.y[row] = kNone;
            continue;
        }
        double life_ms = static_cast<double>(end->second - rows.times[row]);
        if (file.life_ms_max != 0)
            life_ms = std::min(life_ms, static_cast<double>(file.life_ms_max));
        rows.y[row] = life_ms / static_cast<double>(file.unit_ms);
    }
}

Result<TrainingRows> with_target(Made made, std::size_t features) {
    TrainingRows& rows = made.rows;
    std::vector<std::size_t> kept;
    for (std::size_t row = 0; row < rows.y.size(); ++row) {
        if (std::isnan(rows.y[row])) continue;
        rows.y[kept.size()] = rows.y[row];
        rows.times[kept.size()] = rows.times[row];
        rows.groups[kept.size()] = rows.groups[row];
        kept.push_back(row);
    }
    rows.without_target = rows.y.size() - kept.size();
    if (kept.empty())
        return fail(Errc::malformed,
                    fmt::format("none of {} rows has a target", rows.without_target));
    rows.y.resize(kept.size());
    rows.times.resize(kept.size());
    rows.groups.resize(kept.size());
    rows.x = ml::Table(kept.size(), features);
    for (std::size_t column = 0; column < features; ++column)
        for (std::size_t row = 0; row < kept.size(); ++row)
            rows.x(row, column) = made.features[kept[row] * features + column];
    return std::move(rows);
}

} // namespace

Samples::Samples(const Plan& plan, std::size_t cells_max) : plan_(plan), cells_max_(cells_max) {}

Result<void> Samples::add(std::string_view device, std::int64_t event_ms,
                          std::span<const double> signals, double target) {
    assert(signals.size() == plan_.file.signals.size());
    // Time, device and target of a sample are cells as well.
    const std::size_t cells = signals.size() + 3;
    if ((times_.size() + 1) * cells > cells_max_)
        return fail(Errc::too_large,
                    fmt::format("more than {} samples of {} signals: take a part of them",
                                times_.size(), signals.size()));
    auto place = place_of_.find(device);
    if (place == place_of_.end()) {
        place = place_of_.emplace(device, devices_.size()).first;
        devices_.emplace_back(device);
    }
    device_.push_back(place->second);
    times_.push_back(event_ms);
    targets_.push_back(target);
    signals_.insert(signals_.end(), signals.begin(), signals.end());
    return ok();
}

std::vector<std::size_t> Samples::in_order(const std::vector<std::size_t>& rank) const {
    std::vector<std::size_t> out(times_.size());
    std::iota(out.begin(), out.end(), std::size_t{0});
    std::ranges::sort(out, [&](std::size_t a, std::size_t b) {
        if (times_[a] != times_[b]) return times_[a] < times_[b];
        if (device_[a] != device_[b]) return rank[device_[a]] < rank[device_[b]];
        return a < b; // as they came
    });
    return out;
}

Result<TrainingRows> Samples::rows() const {
    const std::size_t features = plan_.features.size();
    if (times_.size() * features > cells_max_)
        return fail(Errc::too_large, fmt::format("{} rows of {} features: at most {} values",
                                                 times_.size(), features, cells_max_));
    const std::size_t signals = plan_.file.signals.size();
    HF_TRY(const ml::FeatureStream fresh, ml::FeatureStream::make(plan_.features, signals));
    std::vector<std::size_t> rank(devices_.size());
    Made made;
    std::vector<DeviceRows> devices; // by rank
    for (const auto& [name, place] : place_of_) {
        rank[place] = devices.size();
        devices.emplace_back(plan_, fresh, devices.size());
        made.rows.devices.push_back(name);
    }
    for (const std::size_t sample : in_order(rank))
        devices[rank[device_[sample]]].update(
            times_[sample], std::span(signals_).subspan(sample * signals, signals),
            targets_[sample], made);
    made.rows.samples = times_.size();
    if (!plan_.file.end.empty()) count_down(plan_.file, made.rows);
    return with_target(std::move(made), features);
}

} // namespace holdfast::pipeline
