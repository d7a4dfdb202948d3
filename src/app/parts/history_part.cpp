#include "app/parts/history_part.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/log_line.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

// Of the memory limit, as the log's database takes it, but never more than pays.
std::size_t database_bytes(const config::Config& config) {
    return std::clamp<std::size_t>(config.limits.memory_bytes / 16, 4U << 20U, 64U << 20U);
}

history::StoreOptions store_options(const config::Config& config) {
    history::StoreOptions options;
    options.directory = config.data_dir / "history";
    options.heads_bytes_max = config.history.memory_bytes;
    options.database_bytes = database_bytes(config);
    options.bounds.devices = config.history.devices;
    options.bounds.fields_per_device = config.history.fields_per_device;
    options.bounds.new_series_per_minute = config.history.new_series_per_minute;
    options.bounds.text_bytes = config.history.text_bytes;
    return options;
}

// Alarms have a store of their own.
bool is_kept(std::string_view stream) {
    return stream != alarms::kAlarmStream;
}

} // namespace

Result<void> HistoryPart::start() {
    if (!ground_.config.history.is_enabled) return ok();
    ground_.memory.take(database_bytes(ground_.config));
    auto opened =
        history::Store::open(store_options(ground_.config), ground_.memory, ground_.metrics);
    // Damage here must not keep devices from the log, which has what was said lately.
    if (!opened && opened.error().code == Errc::corrupt) {
        log_error("history",
                  "{}; the server runs without history: restore its directory, or move it away to "
                  "build it anew as far back as the log reaches",
                  opened.error().context);
        return ok();
    }
    HF_TRY(store_, std::move(opened));
    follower_ = std::make_unique<history::Follower>(
        history::Follower::Parts{log_.log(), consumers_.consumers(), *store_, ground_.metrics},
        is_kept);
    show_metrics();
    keep_house();
    return ok();
}

void HistoryPart::keep_house() {
    // Before the first row is told: nothing comes back to a time partition that is over.
    ground_.housekeeping.add(
        "retention of history", std::chrono::minutes(1), [this]() -> Result<void> {
            const auto kept_ms = static_cast<std::int64_t>(ground_.config.history.retention_ms);
            const std::int64_t from_ms = ground_.expiry_clock.now_ms() - kept_ms;
            HF_TRY(const auto dropped, store_->drop_before(from_ms * 1000));
            if (dropped > 0) log_info("history", "{} time partitions are over", dropped);
            return ok();
        });
    ground_.housekeeping.add("streams of history", std::chrono::seconds(1),
                             [this]() -> Result<void> {
                                 follower_->refresh();
                                 return ok();
                             });
    // What a crash would have to read from the log again must be in the log still.
    ground_.housekeeping.add("sealing of history", std::chrono::hours(24),
                             [this]() -> Result<void> { return store_->seal_all(); });
}

void HistoryPart::show_metrics() {
    Metrics& metrics = ground_.metrics;
    metrics.gauge("holdfast_history_lag_records", "Records of the log that history has not read",
                  [this] { return static_cast<double>(follower_->lag()); });
    metrics.gauge("holdfast_history_heads_bytes", "Bytes of rows that are not in chunks yet",
                  [this] { return static_cast<double>(store_->counts().heads_bytes); });
    metrics.gauge("holdfast_history_devices", "Devices that history knows",
                  [this] { return static_cast<double>(store_->counts().devices); });
}

// The listeners have ended by now, so nobody reads the metrics.
void HistoryPart::stop() {
    follower_.reset();
    if (!store_) return;
    if (const auto sealed = store_->seal_all(); !sealed)
        log_warn("history", "the log will be read again: {}", sealed.error().context);
    store_.reset();
}

} // namespace holdfast::app
