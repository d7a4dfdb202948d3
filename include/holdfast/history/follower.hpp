#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace holdfast::history {

class PartitionReader;

// Tells a store what the log's streams hold: one consumer for each partition. Thread-safe.
class Follower {
public:
    struct Parts { // all outlive the follower
        log::Log& log;
        log::ConsumerPool& pool;
        Store& store;
        Metrics& metrics;
    };
    // Whether a stream is kept; asked again with every refresh().
    using WantsStream = std::function<bool(std::string_view name)>;

    Follower(Parts parts, WantsStream wants);
    ~Follower(); // waits for the steps under way

    // Takes up streams and partitions that are new, lets go of those that are gone.
    void refresh();
    // What of the log is not durable in the store, by partition of the streams that are kept.
    [[nodiscard]] std::map<PartitionId, Offset> wanted() const;
    // Records that are in the log and not told yet, over all partitions.
    [[nodiscard]] std::uint64_t lag() const;

private:
    void rewind_if_ahead(PartitionId partition, const std::string& stream);

    const Parts parts_;
    const WantsStream wants_;
    mutable std::mutex mutex_;
    std::map<PartitionId, std::shared_ptr<PartitionReader>> readers_; // guarded by mutex_
};

} // namespace holdfast::history
