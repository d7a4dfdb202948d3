#include "app/parts/history_part.hpp"

#include "app/kept_streams.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::string_view kDamageAlarm = "history_damaged";

// Of the memory limit, as the log's database takes it, but never more than pays.
std::size_t database_bytes(const config::Config& config) {
    return std::clamp<std::size_t>(config.limits.memory_bytes / 16, 4U << 20U, 64U << 20U);
}

history::StoreOptions store_options(const config::Config& config) {
    history::StoreOptions options;
    options.directory = config.data_dir / "history";
    options.heads_bytes_max = config.history.memory_bytes;
    options.database_bytes = database_bytes(config);
    // The log refuses appends below its reserve: what it has got by then still has room here.
    options.disk_reserve_bytes = config.limits.disk_reserve_bytes / 2;
    options.bounds.devices = config.history.devices;
    options.bounds.fields_per_device = config.history.fields_per_device;
    options.bounds.new_series_per_minute = config.history.new_series_per_minute;
    options.bounds.text_bytes = config.history.text_bytes;
    return options;
}

history::Follower::WantsStream kept_streams(const config::Config& config) {
    std::set<std::string, std::less<>> left_out;
    for (const config::StreamConfig& stream : config.streams)
        if (!stream.is_in_history) left_out.insert(stream.name);
    return [left_out = std::move(left_out)](std::string_view stream) {
        return !is_never_kept(stream) && !left_out.contains(stream);
    };
}

// In the place of what was set aside before: that was damaged earlier, and is older.
Result<void> set_aside(const std::filesystem::path& directory, const std::filesystem::path& aside) {
    std::error_code error;
    std::filesystem::remove_all(aside, error);
    if (!error) std::filesystem::rename(directory, aside, error);
    if (!error) return ok();
    return fail(Errc::io, fmt::format("cannot move {} to {}: {}", directory.string(),
                                      aside.string(), error.message()));
}

} // namespace

Result<void> HistoryPart::start() {
    if (!ground_.config.history.is_enabled) {
        HistoryKeeping::clear_alarm(ground_);
        return ok();
    }
    ground_.memory.take(database_bytes(ground_.config));
    HF_TRY(open_store());
    if (!store_) return ok();
    follower_ = std::make_unique<history::Follower>(
        history::Follower::Parts{log_.log(), consumers_.consumers(), *store_, ground_.metrics},
        kept_streams(ground_.config));
    keeping_ = std::make_unique<HistoryKeeping>(ground_, *store_, *follower_);
    log_.keep_for(keeping_.get());
    HF_TRY(start_erasures());
    revival_ = std::make_unique<HistoryRevival>(ground_, *store_);
    repair_ = std::make_unique<history::Repair>(
        history::Repair::Parts{log_.log(), *store_, ground_.metrics});
    show_metrics();
    keep_house();
    return ok();
}

// Damage here must not keep devices from the log, nor anybody from what the log has still.
Result<void> HistoryPart::open_store() {
    const history::StoreOptions options = store_options(ground_.config);
    auto opened = history::Store::open(options, ground_.memory, ground_.metrics);
    if (opened || opened.error().code != Errc::corrupt) {
        HF_TRY(store_, std::move(opened));
        ground_.alarms.clear(kDamageAlarm, "history");
        return ok();
    }
    const std::string why = opened.error().context;
    std::string details = R"({"error":)";
    column::append_json_string(details, why);
    ground_.alarms.raise(kDamageAlarm, "history", alarms::Severity::critical, details + "}");
    const std::filesystem::path aside = options.directory.string() + ".damaged";
    if (const auto moved = set_aside(options.directory, aside); !moved) {
        log_error("history", "{}; the server runs without history: {}", why, moved.error().context);
        return ok();
    }
    log_error("history",
              "{}; it lies in {} from now on, and history is built anew, as far back as the log "
              "reaches",
              why, aside.string());
    HF_TRY(store_, history::Store::open(options, ground_.memory, ground_.metrics));
    return ok();
}

// Before the follower reads: what is being erased must not be told.
Result<void> HistoryPart::start_erasures() {
    erasures_ = std::make_unique<history::DeviceErasures>(
        history::DeviceErasures::Parts{log_.log(), *store_, *follower_},
        [this](const history::Erasure& done) {
            const auto stream = log_.log().find_stream(done.stream);
            ground_.audit.note({done.actor, done.address, "erase device",
                                fmt::format("{} of stream '{}'", done.device,
                                            stream ? stream->settings.name : "(deleted)"),
                                access::AuditOutcome::done,
                                fmt::format("{} rows of history and {} records of the log are gone",
                                            done.rows, done.records)});
        });
    return erasures_->start();
}

std::int64_t HistoryPart::before_us(std::optional<std::uint64_t> retention_ms) const {
    const std::uint64_t kept_ms = retention_ms.value_or(ground_.config.history.retention_ms);
    return (ground_.expiry_clock.now_ms() - static_cast<std::int64_t>(kept_ms)) * 1000;
}

std::map<StreamId, std::int64_t> HistoryPart::before_us_of_own() const {
    std::map<StreamId, std::int64_t> own;
    for (const config::StreamConfig& stream : ground_.config.streams) {
        if (!stream.history_retention_ms) continue;
        if (const auto known = log_.log().find_stream(stream.name))
            own[known->id] = before_us(stream.history_retention_ms);
    }
    return own;
}

void HistoryPart::keep_house() {
    // Before the first row is told: nothing comes back to a time partition that is over.
    ground_.housekeeping.add(
        "retention of history", std::chrono::minutes(1), [this]() -> Result<void> {
            HF_TRY(const auto dropped, store_->drop_before(before_us(), before_us_of_own()));
            if (dropped > 0) log_info("history", "{} time partitions are over", dropped);
            return ok();
        });
    ground_.housekeeping.add("streams of history", std::chrono::seconds(1),
                             [this]() -> Result<void> {
                                 follower_->refresh();
                                 return ok();
                             });
    ground_.housekeeping.add("database of history", std::chrono::seconds(1),
                             [this]() -> Result<void> {
                                 revival_->look();
                                 repair_->look();
                                 return ok();
                             });
    ground_.housekeeping.add("space of history", std::chrono::seconds(5),
                             [this] { return keeping_->make_room(log_.log().disk_bytes()); });
    // So that a crash has little to read from the log again.
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
    log_.keep_for(nullptr);
    erasures_.reset();
    repair_.reset();
    revival_.reset();
    keeping_.reset();
    follower_.reset();
    if (!store_) return;
    if (const auto sealed = store_->seal_all(); !sealed)
        log_warn("history", "the log will be read again: {}", sealed.error().context);
    store_.reset();
}

} // namespace holdfast::app
