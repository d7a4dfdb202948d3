#pragma once

#include "history/log_rows.hpp"

#include <holdfast/history/store.hpp>
#include <holdfast/log/consumer_pool.hpp>

#include <memory>
#include <span>

namespace holdfast::history {

// Reads one partition of the log and tells the store what its messages hold. Store and metrics
// outlive it. A record without a key has no device, and stays in the log alone.
class PartitionReader final : public log::Consumer {
public:
    PartitionReader(std::shared_ptr<const log::Stream> stream, PartitionIndex index, Store& store,
                    Metrics& metrics);

    [[nodiscard]] PartitionId partition() const override { return partition_; }
    [[nodiscard]] Offset position() const override { return store_.position(partition_); }
    void step(const log::Fetched& fetched, Done done) override;
    void skipped_to(Offset resume, const Error& why) override;

private:
    [[nodiscard]] Result<void> add(std::span<const NewRow> rows, Offset next);

    const std::shared_ptr<const log::Stream> stream_;
    const PartitionId partition_;
    Store& store_;
    Offset told_ = 0; // up to where the store was told, as far as this reader knows
    Counter& lost_;
    LogRows rows_;
};

} // namespace holdfast::history
