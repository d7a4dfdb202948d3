#include <holdfast/history/repair.hpp>

#include "history/log_rows.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kFetchBytes = 1U << 20U;
// Whoever asks again and again for what is damaged makes nobody read all of it each time.
constexpr std::chrono::minutes kPause{5};

std::string times_of(const DamagedPartition& part) {
    return fmt::format("{} to {}", column::format_timestamp(part.from_us),
                       column::format_timestamp(part.to_us));
}

} // namespace

Repair::Repair(Parts parts)
    : parts_(parts),
      rebuilt_(parts.metrics.counter("holdfast_history_partitions_rebuilt",
                                     "Damaged time partitions that were built anew from the log")) {
    parts_.metrics.gauge("holdfast_history_partitions_damaged",
                         "Damaged time partitions of which the log does not have all any more",
                         [this] { return static_cast<double>(lost_.load()); });
}

Repair::~Repair() = default;

void Repair::look() {
    if (is_working_) return;
    const auto now = std::chrono::steady_clock::now();
    if (is_left_.exchange(false)) not_before_ = now + kPause;
    if (now < not_before_ || !parts_.store.may_be_damaged()) return;
    is_working_ = true;
    thread_ = std::jthread([this](const std::stop_token& stop) {
        const auto mended = mend(stop);
        if (!mended && !stop.stop_requested())
            log_warn("history", "damage is not mended: {}", mended.error().context);
        is_left_ = !mended || lost_ > 0;
        is_working_ = false;
    });
}

Result<void> Repair::mend(const std::stop_token& stop) {
    HF_TRY(const auto damaged, parts_.store.find_damage(stop));
    for (const DamagedPartition& part : damaged) {
        const auto why_not = missing(part, stop);
        if (stop.stop_requested()) return fail(Errc::closed, "history closes");
        if (!why_not) {
            HF_TRY(rebuild(part, stop));
            continue;
        }
        std::string& said = lost_why_[part.family];
        if (said == *why_not) continue;
        said = *why_not;
        log_error("history",
                  "{} is damaged ({}), and cannot be built anew: {}. Queries that meet the damage "
                  "fail with its time; the rest is read as before",
                  times_of(part), part.why, *why_not);
    }
    lost_ = lost_why_.size();
    return ok();
}

// Why the log cannot tell all rows of the partition again.
std::optional<std::string> Repair::missing(const DamagedPartition& part,
                                           const std::stop_token& stop) {
    for (const auto& [from, floor] : part.floors) {
        const auto stream = parts_.log.find_stream(from.stream);
        if (!stream) continue; // and nobody reads it here either
        const std::string name = fmt::format("{}/{}", stream->settings.name, from.index);
        if (floor == DamagedPartition::kNever)
            return fmt::format("some of {} came from a log that is no more", name);
        if (stream->settings.compacts())
            return fmt::format("stream '{}' is compacted", stream->settings.name);
        const auto bounds = parts_.log.bounds(from);
        if (!bounds) return bounds.error().context;
        if (bounds.value().log_start_offset > floor)
            return fmt::format("{} begins at offset {} in the log, and at {} there", name,
                               bounds.value().log_start_offset, floor);
    }
    // Before anything goes: whether the log reads.
    const auto reads = read_log(
        part, stop, [](PartitionId, std::span<const NewRow>) -> Result<void> { return ok(); });
    if (reads) return std::nullopt;
    return reads.error().context;
}

Result<void> Repair::read_log(const DamagedPartition& part, const std::stop_token& stop,
                              const Take& take) {
    for (const auto& [from, floor] : part.floors) {
        const auto stream = parts_.log.find_stream(from.stream);
        if (!stream) continue;
        LogRows rows(fmt::format("{}/{}", stream->settings.name, from.index), parts_.metrics);
        const Offset end = parts_.store.position(from);
        for (Offset at = floor; at < end;) {
            if (stop.stop_requested()) return fail(Errc::closed, "history closes");
            HF_TRY(const auto fetched, parts_.log.fetch(from, at, kFetchBytes));
            HF_TRY(rows.each(
                fetched, [&](std::span<const NewRow> piece, Offset) { return take(from, piece); }));
            if (fetched.next_offset == at) break; // what is left is not readable yet
            at = fetched.next_offset;
        }
        if (rows.damaged_batches() > 0)
            return fail(Errc::corrupt,
                        fmt::format("{}: batches in the log do not read", stream->settings.name));
    }
    return ok();
}

Result<void> Repair::rebuild(const DamagedPartition& part, const std::stop_token& stop) {
    log_warn("history",
             "{} is damaged ({}): it is built anew from the log, and gives errors until it is",
             times_of(part), part.why);
    HF_TRY(parts_.store.begin_rebuild(part));
    HF_TRY(read_log(part, stop, [this](PartitionId from, std::span<const NewRow> rows) {
        return parts_.store.tell_again(from, rows);
    }));
    HF_TRY(parts_.store.end_rebuild());
    rebuilt_.add();
    lost_why_.erase(part.family);
    log_info("history", "{} was built anew", times_of(part));
    return ok();
}

} // namespace holdfast::history
