#include "log/committer.hpp"

#include "log/compaction.hpp"
#include "log/key_placement.hpp"
#include "log/keys.hpp"
#include "log/recovery.hpp"
#include "log/span_writer.hpp"
#include "log/time_index.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>

namespace holdfast::log {

namespace {

constexpr std::chrono::milliseconds kReopenEvery{500};
constexpr std::chrono::seconds kReopenPauseMax{3};
using Duration = std::chrono::steady_clock::duration;
// The bytes of a span are saved with its first batch and then as it grows by this much.
constexpr std::uint64_t kSaveSpanEvery = 1U << 20U;

constexpr std::uint64_t kWriteBuffersMax = 8; // in memory at once, surely
constexpr std::uint64_t kFlushedBytesMin = 1U << 20U;
// Of all partitions together: about 200 bytes of memory each.
constexpr std::size_t kProducersMax = 100'000;

// The batch's header, if it agrees with its group; else reads would go astray.
Result<record::BatchHeader> checked_header(const PartitionAppend& append) {
    auto header = record::decode_batch_header(append.batch);
    if (!header || header.value().size_bytes() != append.batch.size() ||
        header.value().record_count != append.record_count || append.record_count <= 0 ||
        header.value().last_offset_delta != append.record_count - 1)
        return fail(Errc::malformed, "append: a batch's lengths contradict each other");
    if (header.value().producer_id < 0 &&
        (header.value().is_control() || header.value().is_transactional()))
        return fail(Errc::malformed, "append: a transactional batch without a producer");
    return header;
}

} // namespace

Committer::Committer(Store& store, Waiters& waiters, DiskWatch& disk, const Clock& clock,
                     LogMetrics& metrics)
    : store_(store),
      waiters_(waiters),
      disk_(disk),
      clock_(clock),
      metrics_(metrics),
      thread_([this] { loop(); }) {}

Committer::~Committer() {
    stop();
}

void Committer::stop() {
    mailbox_.close();
    if (thread_.joinable()) thread_.join();
}

void Committer::append(AppendGroup& group) {
    if (!mailbox_.put(group)) group.completed(fail(Errc::closed, "append: the log is closing"));
}

Result<void> Committer::run(std::function<Result<void>()> task) {
    std::promise<Result<void>> done;
    Mailbox::Task wrapped = [&] { done.set_value(task()); };
    if (!mailbox_.put(wrapped)) return fail(Errc::closed, "the log is closing");
    return done.get_future().get();
}

std::optional<Error> Committer::broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
}

void Committer::set_broken(std::optional<Error> why) {
    const std::lock_guard lock(mutex_);
    broken_ = std::move(why);
    is_broken_ = broken_.has_value();
}

void Committer::loop() {
    Mailbox::Work work;
    while (!work.closed) {
        mailbox_.take(work, is_broken_ ? std::optional(kReopenEvery) : std::nullopt);
        if (is_broken_ && !work.closed) try_reopen();
        for (Mailbox::Task* task : work.tasks) {
            (*task)();
            look_at_database();
        }
        if (work.groups.empty()) continue;
        if (work.closed)
            complete(work.groups, fail(Errc::closed, "append: the log is closing"));
        else
            commit(work.groups);
    }
}

// A task's write may have failed, or a flush on another thread.
void Committer::look_at_database() {
    if (is_broken_ || !store_.database || !store_.database->has_failed()) return;
    stop_appends(
        fail(Errc::io, fmt::format("a write to {} failed", store_.options.directory.string())));
}

void Committer::stop_appends(const Error& why) {
    log_error("log", "appends are refused: {}", why.context);
    set_broken(why);
    reopen_next_ = std::chrono::steady_clock::now() + kReopenEvery;
}

std::optional<Error> Committer::refusal() {
    look_at_database();
    if (is_broken_) return broken();
    if (auto full = disk_.full()) return full;
    // What is in the write-ahead log alone needs its space a second time before it gives it back.
    if (disk_.has_room_for(kWriteBuffersMax * store_.options.write_buffer_bytes)) return {};
    const std::uint64_t unflushed = store_.database->unflushed_bytes();
    if (unflushed < kFlushedBytesMin || disk_.has_room_for(unflushed)) return {};
    // A failure is met by the look that follows.
    if (const auto flushed = store_.database->flush_all(); !flushed)
        log_warn("log", "{}", flushed.error().context);
    disk_.look_again();
    look_at_database();
    if (is_broken_) return broken();
    return disk_.full();
}

void Committer::commit(const std::vector<AppendGroup*>& groups) {
    if (auto why = refusal()) return complete(groups, *why);
    batch_.clear();
    touched_.clear();
    raised_.clear();
    entry_.reset();
    staging_failed_.reset();
    synced_ = false;
    records_ = bytes_ = 0;
    now_ms_ = clock_.now_ms();
    for (AppendGroup* group : groups) stage(*group);

    const Result<void> outcome = write();
    if (outcome) {
        publish();
        metrics_.groups.add(groups.size());
    } else {
        stop_appends(outcome.error());
    }
    complete(groups, outcome);
}

void Committer::stage(AppendGroup& group) {
    for (PartitionAppend& append : group.appends) stage_append(append);
    group.placed();
    for (const StateChange& change : group.state_changes) {
        const kv::Family& family = store_.state_family(change.keyspace);
        if (change.value)
            batch_.put(family, as_bytes(change.key), as_bytes(*change.value));
        else
            batch_.remove(family, as_bytes(change.key));
    }
    if (group.appends.empty() && group.syncs_state) synced_ = true;
}

void Committer::stage_append(PartitionAppend& append) {
    const PartitionId id = append.partition;
    append.refused.reset();
    append.is_duplicate = false;
    if (!entry_ || entry_->stream->id != id.stream) entry_ = store_.streams.find(id.stream);
    if (!entry_ || id.index >= entry_->partitions.size()) {
        append.refused = fail(Errc::not_found, fmt::format("append: no partition {} of stream {}",
                                                           id.index, number(id.stream)));
        return;
    }
    const std::shared_ptr<Partition> partition = entry_->partitions[id.index]; // entry_ may change
    auto checked = checked_header(append);
    if (!checked) {
        append.refused = std::move(checked).error();
        return;
    }
    record::BatchHeader& header = checked.value();
    if (entry_->stream->settings.compacts() && !header.is_control())
        if (auto keyed = check_keys(append.batch); !keyed) {
            append.refused = std::move(keyed).error();
            return;
        }
    std::optional<record::TransactionEnd> end;
    if (header.producer_id >= 0) {
        const auto admitted = admit(*partition, append, header, end);
        if (!admitted) append.refused = admitted.error();
        if (!admitted || append.is_duplicate) return;
    }
    if (!header.is_control() && !keep_key_placement(append)) return;
    if (!partition->touched) {
        partition->touched = true;
        touched_.push_back(partition);
    }
    if (auto staged = stage_open_span(store_, *partition, *entry_->stream, now_ms_, batch_);
        !staged) {
        staging_failed_ = staged.error();
        return;
    }
    append.base_offset = partition->next_offset;
    record::set_base_offset(append.batch, append.base_offset);
    if (entry_->stream->settings.timestamp_type == TimestampType::append) {
        record::set_append_time(append.batch, now_ms_);
        header.timestamp_max_ms = now_ms_;
    }
    partition->next_offset += append.record_count;
    if (partition->next_offset > partition->offset_ceiling) {
        partition->offset_ceiling = partition->next_offset + Ceilings::kStep;
        raised_.push_back({id, partition->offset_ceiling});
    }
    batch_.put(partition->spans().back().slice->family, record_key(id, partition->next_offset - 1),
               append.batch);
    header.base_offset = append.base_offset;
    if (header.producer_id >= 0) stage_producer(*partition, header, end);
    stage_batch_time(store_, *partition, header.timestamp_max_ms, append.batch.size(), batch_);
    partition->add_bytes_to_last_span(append.batch.size());
    const Span& span = partition->spans().back();
    if (span.bytes_saved == 0 || span.bytes >= span.bytes_saved + kSaveSpanEvery)
        stage_last_span(store_, *partition, batch_);
    if (entry_->stream->settings.durability == Durability::fsync) synced_ = true;
    records_ += static_cast<std::uint64_t>(append.record_count);
    bytes_ += append.batch.size();
}

// Before the first record that lies elsewhere can be read, the stream's entry says so. False where
// that could not be written.
bool Committer::keep_key_placement(const PartitionAppend& append) {
    const auto partitions = static_cast<PartitionIndex>(entry_->partitions.size());
    if (!entry_->stream->keys_in_place || append.keyed_among == partitions ||
        keys_lie_in(append.partition.index, partitions, append.batch))
        return true;
    if (auto forgotten = forget_key_placement(store_, *entry_); !forgotten) {
        staging_failed_ = std::move(forgotten).error();
        return false;
    }
    entry_ = store_.streams.find(append.partition.stream);
    return true;
}

// Whether its producer lets the batch in; for a marker also what it says, in `end`.
Result<void> Committer::admit(Partition& partition, PartitionAppend& append,
                              const record::BatchHeader& header,
                              std::optional<record::TransactionEnd>& end) {
    if (header.is_control()) {
        HF_TRY(end, record::read_transaction_marker(append.batch));
        HF_TRY(partition.producers.check_marker(header));
    } else {
        HF_TRY(const auto duplicate, partition.producers.check(header));
        if (duplicate) {
            append.is_duplicate = true;
            append.base_offset = *duplicate;
            return ok();
        }
    }
    if (partition.producers.find(header.producer_id) != nullptr) return ok();
    if (store_.producer_count >= kProducersMax) {
        const auto evicted = partition.producers.evict();
        if (!evicted)
            return fail(Errc::limit_exceeded,
                        fmt::format("append: {} producers are known already", kProducersMax));
        batch_.remove(store_.producers, producer_key(partition.id(), *evicted));
        --store_.producer_count;
    }
    ++store_.producer_count;
    return ok();
}

// Notes the batch, its base offset set, with its producer.
void Committer::stage_producer(Partition& partition, const record::BatchHeader& header,
                               std::optional<record::TransactionEnd> end) {
    if (end) {
        const auto aborted = partition.producers.end(header, *end, now_ms_);
        if (aborted) {
            batch_.put(store_.aborted, record_key(partition.id(), aborted->marker_offset),
                       encode_aborted(*aborted));
            partition.set_has_aborted();
        }
    } else {
        partition.producers.append(header, now_ms_);
    }
    batch_.put(store_.producers, producer_key(partition.id(), header.producer_id),
               encode_producer(*partition.producers.find(header.producer_id)));
}

Result<void> Committer::write() {
    if (staging_failed_) return *staging_failed_;
    if (batch_.empty()) return ok();
    if (!raised_.empty()) {
        HF_TRY(store_.ceilings->raise(raised_));
    }
    const auto began = std::chrono::steady_clock::now();
    HF_TRY(store_.database->write(batch_, synced_));
    const auto took = std::chrono::steady_clock::now() - began;
    metrics_.write_us.add(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    disk_.wrote(batch_.size_bytes());
    metrics_.writes.add();
    if (synced_) metrics_.syncs.add();
    metrics_.records.add(records_);
    metrics_.bytes.add(bytes_);
    return ok();
}

void Committer::publish() {
    for (const auto& partition : touched_) {
        partition->touched = false;
        partition->set_high_watermark(partition->next_offset);
    }
    for (const auto& partition : touched_) waiters_.wake(partition->id(), partition->bounds());
}

void Committer::complete(const std::vector<AppendGroup*>& groups, const Result<void>& outcome) {
    if (!outcome) metrics_.refused.add(groups.size());
    for (AppendGroup* group : groups) group->completed(outcome);
}

// Reads go on, if nothing else does.
void Committer::reopen_for_reading() {
    store_.options.read_only = true;
    if (const auto opened = recover(store_, clock_); !opened) {
        log_error("log", "not even for reading: {}", opened.error().context);
        close_store(store_);
    }
    store_.options.read_only = false;
}

void Committer::try_reopen() {
    const auto now = std::chrono::steady_clock::now();
    if (now < reopen_next_) return;
    // Nothing of ours may keep the old database open.
    touched_.clear();
    entry_.reset();
    {
        const std::lock_guard lock(store_.reopening);
        disk_.look_again();
        const auto recovered = recover(store_, clock_);
        const auto took = std::chrono::steady_clock::now() - now;
        reopen_next_ = std::chrono::steady_clock::now() +
                       std::clamp<Duration>(4 * took, kReopenEvery, kReopenPauseMax);
        if (!recovered) {
            log_error("log", "recovery failed: {}", recovered.error().context);
            return reopen_for_reading();
        }
    }
    set_broken({});
    log_info("log", "{}: appends are taken again", store_.options.directory.string());
    for (const auto& entry : store_.streams.all())
        for (const auto& partition : entry->partitions)
            waiters_.wake(partition->id(), partition->bounds());
}

} // namespace holdfast::log
