#pragma once

#include "models/device_scorer.hpp"
#include "models/priming.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/payload_columns.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::models {

// What the partitions of one model report, and REST shows.
class ModelStatus {
public:
    void add(const ModelCounts& counts, std::string_view error = {});
    [[nodiscard]] ModelCounts counts() const;
    [[nodiscard]] std::string last_error() const;

private:
    mutable std::mutex mutex_;
    ModelCounts counts_;     // guarded by mutex_
    std::string last_error_; // guarded by mutex_
};

// One model on one partition of its stream: scores records, and stores detector states, offset and
// alarms together.
class PartitionTask final : public log::Consumer {
public:
    struct Parts {
        std::shared_ptr<const ModelSpec> spec;
        std::shared_ptr<const log::Stream> stream;
        PartitionIndex index = 0;
        broker::Publisher& publisher;
        alarms::Registry& alarms;
        std::shared_ptr<ModelStatus> status;
        std::size_t checkpoint_records = 0;
        std::unique_ptr<DeviceScorer> scorer{};  // null: the detector that `spec` asks for
        std::optional<PrimedPartition> primed{}; // of a new model, whose scorer is used then
        // What tells devices apart: `topic`, or a path into the payload; empty: the record's own.
        std::string device{};
    };
    // `position` is where a primed partition's log goes on, too.
    PartitionTask(Parts parts, Offset position);

    // Still reading what was there before the model is live: nothing is stored, no alarm raised.
    [[nodiscard]] bool is_priming() const noexcept { return is_priming_.load(); }
    // What a task is to begin with that has nothing to catch up with, before it is in the pool: its
    // states, its offset, and that it is primed.
    [[nodiscard]] std::vector<log::StateChange> first_states();

    // Takes a stored device state over, before the task is in the pool.
    [[nodiscard]] Result<void> restore(std::string_view device, ByteView state) {
        auto restored = scorer_->restore(device, state);
        device_count_ = scorer_->device_count();
        return restored;
    }
    [[nodiscard]] PartitionId partition() const override { return partition_; }
    [[nodiscard]] Offset position() const override { return position_.load(); }
    void step(const log::Fetched& fetched, Done done) override;
    void skipped_to(Offset resume, const Error& why) override;
    [[nodiscard]] std::size_t device_count() const noexcept { return device_count_.load(); }

private:
    struct Unstored { // a step's outputs until they are durable
        broker::PublishBatch batch;
        std::vector<alarms::Alarm> changes;
        Offset next_offset = 0;
    };
    void process(const log::Fetched& fetched);
    void read_batch(record::BatchView& batch);
    void collect(const record::RecordView& record);
    void score_collected();
    void note_refused(const Unstored& unstored, const std::vector<broker::Placed>& placed);
    [[nodiscard]] Result<DeviceScorer::Scored> score(std::size_t row, std::int64_t event_ms,
                                                     ModelCounts& counts);
    [[nodiscard]] Result<std::string_view> device_of(std::size_t row);
    void add_states(std::vector<log::StateChange>& out, Offset next_offset);
    void gather(Offset next_offset);
    void store(Done done);

    Parts parts_;
    PartitionId partition_;
    Scorer* const primed_scorer_; // scorer_ while it is primed
    const std::unique_ptr<DeviceScorer> scorer_;
    std::atomic<bool> is_priming_ = false;
    record::PayloadColumns decoder_; // the model's fields, then event time, then Parts::device
    std::vector<record::MessageView> messages_;
    std::vector<double> values_;
    std::string device_; // of the row at hand, where it is no text
    std::atomic<Offset> position_;
    std::atomic<std::size_t> device_count_{0};
    std::size_t unstored_records_ = 0;
    std::vector<alarms::Alarm> changes_; // of this step
    std::shared_ptr<Unstored> unstored_;
};

} // namespace holdfast::models
