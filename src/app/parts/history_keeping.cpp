#include "app/parts/history_keeping.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

namespace holdfast::app {
namespace {

constexpr std::string_view kAlarm = "history_behind";
constexpr std::string_view kAlarmKey = "history";
constexpr std::int64_t kSealBehindEveryMs = 60'000;

std::uint64_t directory_bytes(const std::filesystem::path& directory) {
    // Tables come and go under our eyes: what is gone counts as nothing.
    std::uint64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
        std::error_code gone;
        const auto size = at->file_size(gone);
        if (!gone) bytes += size;
    }
    return bytes;
}

} // namespace

void HistoryKeeping::clear_alarm(Ground& ground) {
    ground.alarms.clear(kAlarm, kAlarmKey);
}

HistoryKeeping::HistoryKeeping(Ground& ground, history::Store& store,
                               const history::Follower& follower)
    : ground_(ground),
      store_(store),
      follower_(follower),
      directory_(ground.config.data_dir / "history"),
      released_(ground.metrics.counter(
          "holdfast_history_log_released_bytes",
          "Bytes of records that left the log before they were durable in history")) {
    ground.metrics.gauge("holdfast_history_log_held_bytes",
                         "Bytes of records that the log keeps for history beyond their retention",
                         [this] { return static_cast<double>(held_bytes_.load()); });
    ground.metrics.gauge("holdfast_history_disk_bytes", "Bytes of history's directory",
                         [this] { return static_cast<double>(disk_bytes_.load()); });
}

log::Wanted HistoryKeeping::wanted() {
    log::Wanted wanted{follower_.wanted(), ground_.config.history.behind_bytes_max};
    const std::lock_guard lock(mutex_);
    if (!copied_) return wanted;
    for (auto& [partition, from] : wanted.from) {
        const auto copied = copied_->find(partition);
        from = copied == copied_->end() ? 0 : std::min(from, copied->second);
    }
    return wanted;
}

Result<void> HistoryKeeping::checkpoint(const std::filesystem::path& directory) {
    {
        const std::lock_guard lock(mutex_);
        copied_ = follower_.wanted();
    }
    return store_.checkpoint(directory);
}

void HistoryKeeping::release() noexcept {
    const std::lock_guard lock(mutex_);
    copied_.reset();
}

void HistoryKeeping::held(const log::Held& held) {
    held_bytes_ = held.bytes;
    released_.add(held.released_bytes);
    seal_due(held);
    tell(held);
}

// What is due and was read is sealed at once, and the next run of retention lets it go. Where
// reading is behind, sealing at every run would make many small chunks.
void HistoryKeeping::seal_due(const log::Held& held) {
    std::map<PartitionId, Offset> due;
    const std::int64_t now_ms = ground_.clock.monotonic_ms();
    const bool also_behind = now_ms - sealed_ms_ >= kSealBehindEveryMs;
    for (const auto& [partition, below] : held.due_below)
        if (also_behind || store_.position(partition) >= below) due.emplace(partition, below);
    if (due.empty()) return;
    if (also_behind) sealed_ms_ = now_ms;
    if (const auto sealed = store_.seal_below(due); !sealed)
        log_warn("history", "the log keeps {} bytes that are due: {}", held.bytes,
                 sealed.error().context);
}

void HistoryKeeping::tell(const log::Held& held) {
    const std::uint64_t bound = ground_.config.history.behind_bytes_max;
    const bool is_lost = held.released_bytes > 0;
    const std::optional<bool> was_behind = is_behind_;
    if (is_lost || held.bytes > bound / 2) is_behind_ = true;
    if (!is_lost && held.bytes == 0) is_behind_ = false;
    if (was_behind != is_behind_ && is_behind_ == false) {
        if (was_behind) log_info("history", "has caught up with what the log let go");
        clear_alarm(ground_); // also one of an earlier run
    }
    if (is_behind_ != true) return;
    if (was_behind != true)
        log_warn("history",
                 "is behind: the log keeps {} bytes for it beyond their retention, its "
                 "bound is {}",
                 held.bytes, bound);
    ground_.alarms.raise(kAlarm, kAlarmKey,
                         is_lost ? alarms::Severity::critical : alarms::Severity::major,
                         fmt::format(R"({{"held_bytes":{},"bound_bytes":{},"released_bytes":{}}})",
                                     held.bytes, bound, held.released_bytes));
}

Result<void> HistoryKeeping::make_room(std::uint64_t log_bytes) {
    disk_bytes_ = directory_bytes(directory_);
    const std::uint64_t bound = ground_.config.limits.disk_bytes;
    while (bound != 0 && disk_bytes_ > bound / 2 && log_bytes + disk_bytes_ > bound / 10 * 9) {
        const std::uint64_t before = disk_bytes_;
        HF_TRY(const auto end_us, store_.drop_oldest());
        if (!end_us) return ok(); // appends are refused at the limit, which says so
        disk_bytes_ = directory_bytes(directory_);
        log_warn("history", "limits.disk is near: what was said before {} is over, {} bytes",
                 column::format_timestamp(*end_us), before - std::min(before, disk_bytes_.load()));
        // Its files may go a little later, behind our back.
        if (disk_bytes_ >= before) return ok();
    }
    return ok();
}

} // namespace holdfast::app
