#include <holdfast/models/series.hpp>

#include "models/scorer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <utility>

namespace holdfast::models {
namespace {

constexpr std::int64_t kUsPerMs = 1000;

// Keeps all samples while they are few; of more those of the least and of the largest score in each
// part of the time.
class Thinned {
public:
    // At most `points` of [from_ms, to_ms).
    Thinned(std::int64_t from_ms, std::int64_t to_ms, std::size_t points)
        : points_(points),
          from_ms_(from_ms),
          width_ms_(std::max<std::int64_t>(
              1, (to_ms - from_ms) / static_cast<std::int64_t>(points / 2) + 1)) {}

    // Whether the sample stays for now; only then is it worth explaining.
    [[nodiscard]] bool wants(std::int64_t event_ms, double score) const {
        if (parts_.empty()) return true;
        const auto found = parts_.find(part_of(event_ms));
        if (found == parts_.end()) return true;
        const Part& part = found->second;
        return score < part.least.score || score > part.largest.score;
    }
    void add(Explained sample) {
        if (!parts_.empty()) return thin(std::move(sample));
        all_.push_back(std::move(sample));
        if (all_.size() <= points_) return;
        for (Explained& each : all_) thin(std::move(each));
        all_.clear();
    }
    [[nodiscard]] std::vector<Explained> take() {
        for (auto& [at, part] : parts_) {
            const bool is_one = part.least_number == part.largest_number;
            if (part.largest_number < part.least_number) std::swap(part.least, part.largest);
            if (!is_one) all_.push_back(std::move(part.least));
            all_.push_back(std::move(part.largest));
        }
        return std::move(all_);
    }

private:
    struct Part {
        Explained least;
        Explained largest;
        std::uint64_t least_number = 0; // of the sample, as they came
        std::uint64_t largest_number = 0;
    };

    void thin(Explained sample) {
        const std::uint64_t number = next_number_++;
        const std::int64_t at = part_of(sample.event_ms);
        const auto found = parts_.find(at);
        if (found == parts_.end()) {
            parts_.emplace(at, Part{sample, sample, number, number});
            return;
        }
        Part& part = found->second;
        if (sample.score < part.least.score) {
            part.least = std::move(sample);
            part.least_number = number;
        } else if (sample.score > part.largest.score) {
            part.largest = std::move(sample);
            part.largest_number = number;
        }
    }
    // A model's own event time may lie outside of the range that rows were asked for.
    [[nodiscard]] std::int64_t part_of(std::int64_t event_ms) const {
        return std::max<std::int64_t>(event_ms - from_ms_, 0) / width_ms_;
    }

    const std::size_t points_;
    const std::int64_t from_ms_;
    const std::int64_t width_ms_;
    std::vector<Explained> all_;
    std::map<std::int64_t, Part> parts_; // by their number; empty while all are kept
    std::uint64_t next_number_ = 0;
};

} // namespace

Result<std::vector<Explained>> explain_series(const ModelSpec& spec, const history::Store& history,
                                              StreamId stream, const SeriesRequest& request,
                                              const Replay::Check& check) {
    assert(request.points >= 2);
    const auto known = history.summary(stream, request.device);
    if (!known)
        return fail(Errc::not_found, fmt::format("history has no device '{}' in the model's stream",
                                                 request.device));
    const std::int64_t from_us = std::max(request.from_us, known->first_ts_us);
    const std::int64_t to_us = std::max(from_us, std::min(request.to_us, known->last_ts_us + 1));
    Thinned kept(from_us / kUsPerMs, to_us / kUsPerMs, request.points);
    Scorer scorer(spec);
    Replay replay(spec, history, stream, request.bytes_max);
    bool is_alarmed = false;
    const auto take = [&](const Replay::Sample& sample) -> Result<void> {
        HF_TRY(const auto scored, scorer.score(request.device, sample.event_ms, sample.values));
        if (scored.change) is_alarmed = scored.change->state == alarms::AlarmState::active;
        if (sample.event_ms < from_us / kUsPerMs || !kept.wants(sample.event_ms, scored.score))
            return ok();
        Explained explained;
        explained.event_ms = sample.event_ms;
        explained.values.assign(sample.values.begin(), sample.values.end());
        explained.score = scored.score;
        explained.is_warm = scored.is_warm;
        explained.is_alarmed = is_alarmed;
        explained.why = scorer.explain(request.device);
        kept.add(std::move(explained));
        return ok();
    };
    HF_TRY(
        replay.run(request.device, std::min(request.learn_from_us, from_us), to_us, check, take));
    return kept.take();
}

} // namespace holdfast::models
