#include <holdfast/models/threshold_counts.hpp>

#include "models/device_detector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace holdfast::models {
namespace {

constexpr std::int64_t kUsPerMs = 1000;
constexpr int kSteps = 20; // of the thresholds in (0, 1]
constexpr double kWeekMs = 7.0 * 86'400'000.0;

std::vector<double> thresholds_for(double own) {
    std::vector<double> out;
    for (int step = 1; step <= kSteps; ++step)
        out.push_back(static_cast<double>(step) / static_cast<double>(kSteps));
    const bool is_there =
        std::ranges::any_of(out, [own](double each) { return std::abs(each - own) < 1e-9; });
    if (!is_there) out.insert(std::ranges::lower_bound(out, own), own);
    return out;
}

// One device at one threshold.
class Trial {
public:
    Trial(const ModelSpec& spec, std::span<const LabelledSpan> labels)
        : detector_(spec), labels_(labels), is_met_(labels.size()) {}

    void take(const Replay::Sample& sample, bool counts) {
        const auto verdict = detector_.update(sample.event_ms, sample.values);
        if (verdict.transition == ml::Transition::raised) {
            raised_ms_ = sample.event_ms;
            is_raised_ = true;
            is_counted_ = counts;
        } else if (verdict.transition == ml::Transition::cleared) {
            end(sample.event_ms);
        }
    }
    void add_to(ThresholdCount& out) {
        if (is_raised_) end(std::numeric_limits<std::int64_t>::max());
        out.alarms += counted_.alarms;
        out.alarms_true += counted_.alarms_true;
        out.alarms_false += counted_.alarms_false;
        for (std::size_t i = 0; i < labels_.size(); ++i)
            if (labels_[i].is_true && is_met_[i])
                ++out.kept_true;
            else if (!labels_[i].is_true && !is_met_[i])
                ++out.spared_false;
    }

private:
    void end(std::int64_t cleared_ms) {
        is_raised_ = false;
        bool is_true = false;
        bool is_false = false;
        for (std::size_t i = 0; i < labels_.size(); ++i) {
            const LabelledSpan& label = labels_[i];
            if (label.to_ms < raised_ms_ || label.from_ms > cleared_ms) continue;
            is_met_[i] = true;
            (label.is_true ? is_true : is_false) = true;
        }
        if (!is_counted_) return;
        ++counted_.alarms;
        if (is_true)
            ++counted_.alarms_true;
        else if (is_false)
            ++counted_.alarms_false;
    }

    DeviceDetector detector_;
    const std::span<const LabelledSpan> labels_;
    std::vector<bool> is_met_; // by an alarm, for each label
    ThresholdCount counted_;
    std::int64_t raised_ms_ = 0;
    bool is_raised_ = false;
    bool is_counted_ = false;
};

class Counting {
public:
    Counting(const ModelSpec& spec, const history::Store& history, StreamId stream,
             const ThresholdsRequest& request, std::span<const LabelledSpan> labels,
             const Replay::Check& check)
        : request_(request),
          check_(check),
          replay_(spec, history, stream, request.bytes_max),
          labels_(labels) {
        out_.first_ms = std::numeric_limits<std::int64_t>::max();
        out_.last_ms = std::numeric_limits<std::int64_t>::min();
        for (const double threshold : thresholds_for(spec.threshold())) {
            specs_.push_back(spec);
            specs_.back().set_threshold(threshold);
            out_.counts.emplace_back().threshold = threshold;
        }
    }

    Result<void> read(const std::string& device) {
        const auto labels = labels_of(device);
        std::vector<Trial> trials;
        for (const ModelSpec& spec : specs_) trials.emplace_back(spec, labels);
        std::uint64_t samples = 0;
        const auto take = [&](const Replay::Sample& sample) -> Result<void> {
            const bool counts = sample.event_ms >= floor_ms(request_.from_us);
            if (counts) {
                out_.first_ms = std::min(out_.first_ms, sample.event_ms);
                out_.last_ms = std::max(out_.last_ms, sample.event_ms);
                ++samples;
            }
            for (Trial& trial : trials) trial.take(sample, counts);
            return ok();
        };
        HF_TRY(replay_.run(device, std::min(request_.learn_from_us, request_.from_us),
                           request_.to_us, check_, take));
        for (std::size_t i = 0; i < trials.size(); ++i) trials[i].add_to(out_.counts[i]);
        for (const LabelledSpan& label : labels)
            ++(label.is_true ? out_.labelled_true : out_.labelled_false);
        out_.samples += samples;
        if (samples != 0) ++out_.devices;
        return ok();
    }
    ThresholdCounts finish() {
        if (out_.samples == 0) out_.first_ms = out_.last_ms = 0;
        return std::move(out_);
    }

private:
    static std::int64_t floor_ms(std::int64_t us) { return us / kUsPerMs; }
    // Of the device, that lie in the time asked for.
    [[nodiscard]] std::vector<LabelledSpan> labels_of(const std::string& device) const {
        std::vector<LabelledSpan> out;
        for (const LabelledSpan& each : labels_)
            if (each.device == device && each.to_ms >= floor_ms(request_.from_us) &&
                each.from_ms <= floor_ms(request_.to_us))
                out.push_back(each);
        return out;
    }

    const ThresholdsRequest& request_;
    const Replay::Check& check_;
    Replay replay_;
    const std::span<const LabelledSpan> labels_;
    std::vector<ModelSpec> specs_;
    ThresholdCounts out_;
};

} // namespace

double ThresholdCounts::weeks() const noexcept {
    return static_cast<double>(last_ms - first_ms) / kWeekMs;
}

std::optional<double> ThresholdCounts::suggested(double per_week) const {
    if (!(weeks() > 0.0)) return std::nullopt;
    for (const ThresholdCount& each : counts)
        if (static_cast<double>(each.alarms - each.alarms_true) <= per_week * weeks())
            return each.threshold;
    return std::nullopt;
}

Result<ThresholdCounts> count_by_threshold(const ModelSpec& spec, const history::Store& history,
                                           StreamId stream, const ThresholdsRequest& request,
                                           std::span<const LabelledSpan> labels,
                                           const Replay::Check& check) {
    Counting counting(spec, history, stream, request, labels, check);
    if (!request.device.empty()) {
        HF_TRY(counting.read(request.device));
        return counting.finish();
    }
    for (const std::string& device : history.devices(stream)) {
        HF_TRY(counting.read(device));
    }
    return counting.finish();
}

} // namespace holdfast::models
