#include "app/parts/log_part.hpp"

#include "app/data_dir.hpp"
#include "app/settings_of_config.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::app {

Result<void> LogPart::start() {
    HF_TRY(expect_unused(ground_.config.data_dir));
    log::LogOptions options = log_options(ground_.config);
    // RocksDB keeps up to four write buffers while it flushes.
    ground_.memory.take(4 * options.write_buffer_bytes + options.block_cache_bytes);
    HF_TRY(log_, log::Log::open(std::move(options), ground_.clock, ground_.metrics));
    HF_TRY(make_streams());
    ground_.housekeeping.add("retention", std::chrono::milliseconds(500),
                             [this] { return retain(); });
    return ok();
}

Result<void> LogPart::retain() {
    const log::Wanted wanted = keeper_ != nullptr ? keeper_->wanted() : log::Wanted();
    HF_TRY(const auto held, log_->apply_retention(ground_.expiry_clock.now_ms(), wanted));
    if (keeper_ != nullptr) keeper_->held(held);
    return ok();
}

// Streams of the configuration are made, or brought to its settings; others stay as they are.
Result<void> LogPart::make_streams() {
    for (const config::StreamConfig& stream : ground_.config.streams) {
        log::StreamSettings settings = stream_settings(stream);
        if (const auto known = log_->find_stream(stream.name)) {
            // More may have been added since; fewer than there are there cannot be.
            settings.partitions = std::max(settings.partitions, known->settings.partitions);
            HF_TRY(log_->alter_stream(settings));
        } else {
            HF_TRY(log_->create_stream(std::move(settings)));
        }
    }
    return ok();
}

// Ends the committer, which gives completions to the shards: their threads have ended by now, but
// the objects live on until the parts are destroyed.
void LogPart::stop() {
    log_.reset();
}

} // namespace holdfast::app
