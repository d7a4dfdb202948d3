#pragma once

#include <holdfast/history/store.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/payload_columns.hpp>

#include <memory>
#include <string>
#include <vector>

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
    void collect(const log::Fetched& fetched);
    void collect(record::BatchView& batch);
    void damaged(const Error& why, Offset at);
    [[nodiscard]] Result<void> tell(Offset next);

    const std::shared_ptr<const log::Stream> stream_;
    const PartitionId partition_;
    Store& store_;
    Counter& lost_;
    Counter& unreadable_;
    record::PayloadColumns decoder_;
    std::vector<record::BatchView> batches_; // what messages_ borrow from
    std::vector<record::MessageView> messages_;
    std::vector<FieldValue> values_; // of all rows at hand
    std::vector<NewRow> rows_;
};

} // namespace holdfast::history
