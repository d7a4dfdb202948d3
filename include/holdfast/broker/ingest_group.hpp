#pragma once

#include <holdfast/broker/arena.hpp>
#include <holdfast/broker/fanout.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/broker/queue_writes.hpp>
#include <holdfast/log/append.hpp>
#include <holdfast/log/stream.hpp>
#include <holdfast/mqtt/frame.hpp>
#include <holdfast/record/batch_builder.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::broker {

// Acknowledgements owed to one session for neighbouring packets: encoded PUBACKs, PUBRECs and
// PUBCOMPs, in the order of receipt.
struct AckRun {
    SessionRef session;
    std::size_t begin = 0; // into the group's ack bytes
    std::size_t end = 0;
    std::uint32_t pubrecs = 0;    // among them
    std::uint32_t connection = 0; // of the session that sent the packets
    bool refuses = false; // with a reason, kRefusalBytes each: their messages were not taken
};
inline constexpr std::size_t kAckBytes = 4;     // one with success, the same in every version
inline constexpr std::size_t kRefusalBytes = 5; // MQTT 5 only

// What one shard gathers while the group before it is being written: records per partition, the
// acknowledgements owed, and what subscribers get once all of it is durable.
//
// Filled by its shard; from Log::append() to completed() it belongs to the committer.
class IngestGroup final : public log::AppendGroup {
public:
    // `on_completed` runs on the committer thread and posts to the shard; the outcome is then
    // in outcome().
    explicit IngestGroup(std::function<void()> on_completed);

    struct Record {
        const log::Stream* stream = nullptr; // outlives the group: the topic cache holds it
        PartitionIndex partition = 0;        // record::partition_for() the key
        std::uint32_t slot = 0;              // the shard's dense number of that partition
        std::int64_t ingest_ms = 0;
        std::optional<ByteView> key;
        ByteView value;
        std::uint32_t header_count = 0;
        std::span<const ByteView> headers; // pieces, encoded
    };
    using Place = RecordPlace;
    // Whether a record alone stays under its stream's message_bytes_max.
    [[nodiscard]] static bool fits(const Record& record) noexcept;
    // Not where it does not fit: asserted.
    Place add(const Record& record);

    void owe_ack(SessionRef session, std::uint32_t connection, mqtt::PacketType type,
                 std::uint16_t packet_id);
    void change(log::StateChange change) {
        state_bytes_ += bytes_of(change);
        state_changes.push_back(std::move(change));
    }
    // In its turn among the acknowledgements: a PUBACK or PUBREC that says why not.
    void owe_refusal(SessionRef session, std::uint32_t connection, mqtt::PacketType type,
                     std::uint16_t packet_id, std::uint8_t reason);
    // A change that may come to the disk a moment later, or with a power loss not at all: it does
    // not make the group worth a write of its own.
    void change_lazily(log::StateChange change) {
        this->change(std::move(change));
        ++lazy_changes_;
    }
    // A change that is made only where the record at `place` is taken.
    void change_with(Place place, log::StateChange change) {
        state_bytes_ += bytes_of(change);
        changes_of_records_.emplace_back(place, std::move(change));
    }
    // A change that is decided right before the group is written, on the committer thread.
    using Decide = std::function<std::optional<log::StateChange>()>;
    void change_late(Decide decide) { late_changes_.push_back(std::move(decide)); }
    // A state change of Retained is among the group's.
    bool changes_retained = false;
    // The topics of those changes, made or not. Borrowed.
    [[nodiscard]] std::vector<std::string_view> retained_topics() const;
    // Called on the shard's thread when the group is done, with its outcome.
    using Then = std::function<void(const Result<void>& outcome)>;
    void on_durable(Then then) { after_.push_back(std::move(then)); }
    // The same, before anything that the group brings is sent.
    void on_durable_first(Then then) { first_.push_back(std::move(then)); }

    // A Publisher batch inside the group, answered when the group is done.
    struct Waiting {
        std::vector<std::pair<Place, std::string>> places; // with the stream's name
        Publisher::Done done;
        std::function<log::StateChange(std::span<const Placed>)> remember;
    };
    void await(Waiting waiting) { waiting_.push_back(std::move(waiting)); }

    // Closes all batches; then the group is ready for Log::append().
    void seal();
    // Keeps memory for a group of about so many bytes.
    void clear(std::size_t keep_bytes_max);

    [[nodiscard]] bool empty() const noexcept { return !is_awaited() && !lazy_is_due_; }
    // Makes lazy changes worth a write.
    void hurry() noexcept { lazy_is_due_ = lazy_changes_ != 0 || !late_changes_.empty(); }
    // Whether somebody waits for what is in it.
    [[nodiscard]] bool is_awaited() const noexcept {
        return !(records_ == 0 && state_changes.size() == lazy_changes_ && ack_runs_.empty() &&
                 queues_.empty() && waiting_.empty() && first_.empty() && after_.empty());
    }
    // Whether storing it waits for the disk: a stream with durability fsync is in it, or state
    // alone.
    [[nodiscard]] bool needs_sync() const noexcept { return has_fsync_stream_ || used_ == 0; }
    [[nodiscard]] std::size_t size_bytes() const noexcept;
    [[nodiscard]] std::uint64_t record_count() const noexcept { return records_; }
    [[nodiscard]] const Result<void>& outcome() const noexcept { return outcome_; }
    // The outcome, or the first refusal of a single batch.
    [[nodiscard]] std::optional<Error> first_error() const;

    [[nodiscard]] Fanout& fanout() noexcept { return fanout_; }
    [[nodiscard]] QueueWrites& queues() noexcept { return queues_; }
    [[nodiscard]] std::span<const AckRun> ack_runs() const noexcept { return ack_runs_; }
    [[nodiscard]] const std::byte* ack_bytes() const noexcept { return ack_bytes_.data(); }
    // Calls every on_durable_first(). Shard thread, after completion.
    void answer_first();
    // Calls the Done of every Waiting and every on_durable(). Shard thread, after completion.
    void answer();

private:
    struct OpenBatch {
        PartitionId partition;
        PartitionIndex keyed_among = 0; // partitions
        record::Compression compression = record::Compression::none;
        record::BatchBuilder builder;
    };
    void placed() noexcept override;
    void completed(Result<void> outcome) noexcept override;
    // Errors: the first refusal.
    [[nodiscard]] Result<std::vector<Placed>> placed_of(const Waiting& waiting) const;
    std::uint32_t open_batch(const Record& record);
    AckRun& ack_run(SessionRef session, std::uint32_t connection, bool refuses);
    [[nodiscard]] static std::size_t bytes_of(const log::StateChange& change) noexcept {
        return sizeof(change) + change.key.capacity() +
               (change.value ? change.value->capacity() : 0);
    }

    std::function<void()> on_completed_;
    std::vector<OpenBatch> batches_; // the first used_ are in use; the rest keep their memory
    bool has_fsync_stream_ = false;
    std::size_t used_ = 0;
    std::vector<std::uint32_t> batch_of_slot_; // index + 1 into batches_; 0 = none
    std::vector<std::uint32_t> slots_used_;
    std::size_t record_bytes_ = 0;
    std::uint64_t records_ = 0;

    GrowingArena ack_bytes_;
    std::vector<AckRun> ack_runs_;
    Fanout fanout_;
    QueueWrites queues_;
    std::vector<Waiting> waiting_;
    std::vector<Then> first_;
    std::vector<Then> after_;
    std::vector<std::pair<Place, log::StateChange>> changes_of_records_;
    std::size_t state_bytes_ = 0; // of all changes
    std::vector<Decide> late_changes_;
    std::size_t lazy_changes_ = 0; // of state_changes
    bool lazy_is_due_ = false;
    Result<void> outcome_ = ok();
};

} // namespace holdfast::broker
