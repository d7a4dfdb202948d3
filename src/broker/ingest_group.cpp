#include <holdfast/broker/ingest_group.hpp>

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cassert>
#include <utility>

namespace holdfast::broker {
namespace {

std::size_t record_bytes_max(const IngestGroup::Record& record) noexcept {
    return record::BatchBuilder::record_bytes_max(record.key, record.value, record.headers);
}

} // namespace

IngestGroup::IngestGroup(std::function<void()> on_completed)
    : on_completed_(std::move(on_completed)) {}

std::uint32_t IngestGroup::open_batch(const Record& record) {
    if (used_ == batches_.size()) batches_.emplace_back();
    OpenBatch& batch = batches_[used_];
    batch.partition = {record.stream->id, record.partition};
    batch.keyed_among = record.stream->settings.partitions;
    batch.compression = record.stream->settings.compression;
    has_fsync_stream_ |= record.stream->settings.durability == log::Durability::fsync;
    std::uint32_t& of_slot = batch_of_slot_[record.slot];
    if (of_slot == 0) slots_used_.push_back(record.slot);
    of_slot = static_cast<std::uint32_t>(++used_);
    return of_slot - 1;
}

bool IngestGroup::fits(const Record& record) noexcept {
    return record::kBatchHeaderBytes + record_bytes_max(record) <=
           record.stream->settings.message_bytes_max;
}

IngestGroup::Place IngestGroup::add(const Record& record) {
    assert(fits(record));
    const std::size_t bytes = record_bytes_max(record);
    const std::size_t batch_bytes_max = record.stream->settings.message_bytes_max;
    if (record.slot >= batch_of_slot_.size()) batch_of_slot_.resize(record.slot + 1, 0);
    const std::uint32_t known = batch_of_slot_[record.slot];
    std::uint32_t index = known - 1;
    if (known == 0 || batches_[index].builder.size_bytes() + bytes > batch_bytes_max)
        index = open_batch(record);
    record::BatchBuilder& builder = batches_[index].builder;
    builder.append(record.ingest_ms, record.key, record.value, record.header_count, record.headers);
    record_bytes_ += bytes;
    ++records_;
    return {index, builder.record_count() - 1};
}

// Neighbours of one connection and kind share a run, which goes out as one piece of memory.
AckRun& IngestGroup::ack_run(SessionRef session, std::uint32_t connection, bool refuses) {
    if (ack_runs_.empty() || ack_runs_.back().session != session ||
        ack_runs_.back().connection != connection || ack_runs_.back().refuses != refuses)
        ack_runs_.push_back(
            {session, ack_bytes_.size(), ack_bytes_.size(), 0, connection, refuses});
    return ack_runs_.back();
}

void IngestGroup::owe_ack(SessionRef session, std::uint32_t connection, mqtt::PacketType type,
                          std::uint16_t packet_id) {
    AckRun& run = ack_run(session, connection, false);
    std::byte* at = ack_bytes_.extend(kAckBytes);
    at[0] = static_cast<std::byte>(static_cast<unsigned>(type) << 4U);
    at[1] = std::byte{2};
    store_u16_be(at + 2, packet_id);
    run.end = ack_bytes_.size();
    if (type == mqtt::PacketType::pubrec) ++run.pubrecs;
}

void IngestGroup::owe_refusal(SessionRef session, std::uint32_t connection, mqtt::PacketType type,
                              std::uint16_t packet_id, std::uint8_t reason) {
    AckRun& run = ack_run(session, connection, true);
    std::byte* at = ack_bytes_.extend(kRefusalBytes);
    at[0] = static_cast<std::byte>(static_cast<unsigned>(type) << 4U);
    at[1] = std::byte{3};
    store_u16_be(at + 2, packet_id);
    at[4] = static_cast<std::byte>(reason);
    run.end = ack_bytes_.size();
}

void IngestGroup::seal() {
    appends.clear();
    for (std::size_t i = 0; i < used_; ++i) {
        OpenBatch& batch = batches_[i];
        const std::int32_t count = batch.builder.record_count();
        appends.push_back(
            {batch.partition, batch.builder.finish(batch.compression), count, batch.keyed_among});
    }
    // Whoever waits for something wants it safe; what nobody waits for can wait itself.
    syncs_state = is_awaited();
}

void IngestGroup::clear(std::size_t keep_bytes_max) {
    for (std::size_t i = 0; i < used_; ++i) batches_[i].builder.clear(keep_bytes_max / used_);
    for (const std::uint32_t slot : slots_used_) batch_of_slot_[slot] = 0;
    slots_used_.clear();
    used_ = 0;
    has_fsync_stream_ = false;
    record_bytes_ = 0;
    records_ = 0;
    appends.clear();
    state_changes.clear();
    ack_bytes_.clear(keep_bytes_max);
    ack_runs_.clear();
    fanout_.clear(keep_bytes_max / 2);
    queues_.clear();
    waiting_.clear();
    first_.clear();
    after_.clear();
    changes_of_records_.clear();
    late_changes_.clear();
    lazy_changes_ = 0;
    state_bytes_ = 0;
    lazy_is_due_ = false;
    changes_retained = false;
    outcome_ = ok();
}

std::size_t IngestGroup::size_bytes() const noexcept {
    constexpr std::size_t kThenBytes = 256; // with what it has captured, about
    return record_bytes_ + fanout_.size_bytes() + ack_bytes_.size() + queues_.size_bytes() +
           state_bytes_ + (first_.size() + after_.size()) * kThenBytes;
}

std::optional<Error> IngestGroup::first_error() const {
    if (outcome_.has_error()) return outcome_.error();
    for (const log::PartitionAppend& append : appends)
        if (append.refused) return append.refused;
    return std::nullopt;
}

std::vector<std::string_view> IngestGroup::retained_topics() const {
    std::vector<std::string_view> topics;
    const auto take = [&](const log::StateChange& change) {
        if (change.keyspace == kRetainedKeyspace && !change.key.empty())
            topics.push_back(change.key);
    };
    for (const log::StateChange& change : state_changes) take(change);
    for (const auto& [place, change] : changes_of_records_) take(change); // not made, or moved out
    return topics;
}

Result<std::vector<Placed>> IngestGroup::placed_of(const Waiting& waiting) const {
    std::vector<Placed> placed;
    placed.reserve(waiting.places.size());
    for (const auto& [place, stream] : waiting.places) {
        const log::PartitionAppend& append = appends[place.append];
        if (append.refused) return *append.refused;
        placed.push_back({stream, append.partition.index, append.base_offset + place.record});
    }
    return placed;
}

void IngestGroup::placed() noexcept {
    for (auto& [place, change] : changes_of_records_)
        if (!appends[place.append].refused) state_changes.push_back(std::move(change));
    for (const Decide& decide : late_changes_)
        if (auto change = decide()) state_changes.push_back(std::move(*change));
    queues_.build(appends, state_changes);
    for (const Waiting& waiting : waiting_) {
        if (!waiting.remember) continue;
        if (const auto placed = placed_of(waiting))
            state_changes.push_back(waiting.remember(placed.value()));
    }
}

void IngestGroup::completed(Result<void> outcome) noexcept {
    outcome_ = std::move(outcome);
    if (!outcome_) queues_.undo();
    on_completed_();
}

void IngestGroup::answer_first() {
    for (const auto& then : first_) then(outcome_);
}

void IngestGroup::answer() {
    for (const Waiting& waiting : waiting_) {
        if (outcome_.has_error())
            waiting.done(outcome_.error());
        else
            waiting.done(placed_of(waiting));
    }
    for (const auto& then : after_) then(outcome_);
}

} // namespace holdfast::broker
