#include "models/priming.hpp"

#include <holdfast/models/replay.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace holdfast::models {
namespace {

constexpr std::int64_t kUsPerMs = 1000;
constexpr std::size_t kBytesMax = 32U << 20U; // of rows of a device at once

Offset at(const history::Offsets& offsets, PartitionIndex partition) {
    const auto found = offsets.find(partition);
    return found == offsets.end() ? 0 : found->second;
}

using Monotonic = std::chrono::steady_clock;
constexpr auto kAwaitedAtOnce = std::chrono::milliseconds(20);
constexpr auto kAwaitedMost = std::chrono::seconds(30);

class HistoryPriming {
public:
    HistoryPriming(Priming& priming, const history::Store& history, PrimedPartitions& out,
                   std::int64_t since_ms)
        : priming_(priming),
          history_(history),
          replay_(*priming.spec, history, priming.stream->id, kBytesMax),
          out_(out),
          since_us_(since_ms * kUsPerMs) {}

    Result<void> run() {
        // Before the devices are listed: one that is not among them has all its records from here.
        const history::Offsets told = history_.told_below(priming_.stream->id);
        for (auto& [index, partition] : out_) partition.from = at(told, index);
        const auto devices = history_.devices(priming_.stream->id);
        priming_.devices = devices.size();
        for (const std::string& device : devices) {
            HF_TRY(read(device));
            ++priming_.devices_done;
        }
        return ok();
    }

private:
    Result<void> read(const std::string& device) {
        const PartitionIndex index =
            record::partition_for(as_bytes(device), priming_.stream->settings.partitions);
        const auto found = out_.find(index);
        if (found == out_.end()) return ok(); // that partition is live already
        PrimedPartition& partition = found->second;
        const auto summary = history_.summary(priming_.stream->id, device);
        const bool is_silent = !summary || summary->last_ts_us < since_us_;
        const bool has_room = partition.scorer->device_count() < Scorer::kDevicesMax;
        if (is_silent || !has_room) return ok();
        const auto check = [this]() -> Result<void> {
            if (priming_.stop.stop_requested()) return fail(Errc::closed, "priming was stopped");
            return ok();
        };
        const auto take = [&](const Replay::Sample& sample) -> Result<void> {
            HF_TRY(partition.scorer->prime(device, sample.event_ms, sample.values));
            ++priming_.samples;
            if (priming_.rows != nullptr) priming_.rows->add();
            return ok();
        };
        std::optional<history::Offsets> told;
        while (!told) {
            HF_TRY(told, replay_.run_beside_log(device, since_us_, INT64_MAX, check, take));
            if (told) break;
            HF_TRY(await_log(device));
        }
        if (at(*told, index) > partition.from)
            partition.read_below.emplace(device, at(*told, index));
        return ok();
    }

    // After a start history reads again what the log has: a moment, as long as it gets on with it.
    Result<void> await_log(const std::string& device) {
        history::Offsets told = history_.told_below(priming_.stream->id);
        if (told != told_) {
            told_ = std::move(told);
            told_at_ = Monotonic::now();
        } else if (Monotonic::now() - told_at_ > kAwaitedMost) {
            return fail(
                Errc::closed,
                fmt::format("history does not read again what the log has of device '{}'", device));
        }
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any nobody; // but for a stop
        nobody.wait_for(lock, priming_.stop.get_token(), kAwaitedAtOnce, [] { return false; });
        return ok();
    }

    Priming& priming_;
    const history::Store& history_;
    Replay replay_;
    PrimedPartitions& out_;
    const std::int64_t since_us_;
    history::Offsets told_; // as it was last waited for, and since when
    Monotonic::time_point told_at_ = Monotonic::now();
};

} // namespace

Result<PrimedPartitions> prime(Priming& priming, const history::Store* history, const log::Log& log,
                               std::int64_t now_ms) {
    PrimedPartitions out;
    const std::int64_t since_ms = now_ms - priming.spec->prime_ms;
    for (const auto& [index, fallback] : priming.partitions) {
        PrimedPartition& partition = out[index];
        partition.scorer = std::make_unique<Scorer>(*priming.spec);
        partition.since_ms = since_ms;
    }
    // History keeps no topics: what it has would teach the model what it is never to see.
    const bool reads_history = history != nullptr && priming.spec->topic.empty();
    if (reads_history) {
        HF_TRY(HistoryPriming(priming, *history, out, since_ms).run());
    }
    for (auto& [index, partition] : out) {
        const PartitionId id{priming.stream->id, index};
        HF_TRY(const auto bounds, log.bounds(id));
        if (!reads_history) {
            HF_TRY(partition.from, log.offset_at(id, since_ms));
        }
        partition.from = std::clamp(partition.from, bounds.log_start_offset, bounds.high_watermark);
        partition.until = bounds.high_watermark;
    }
    return out;
}

} // namespace holdfast::models
