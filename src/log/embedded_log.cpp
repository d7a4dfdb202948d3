#include "log/embedded_log.hpp"

#include "log/aborted_cursor.hpp"
#include "log/catalog_codec.hpp"
#include "log/checkpoint.hpp"
#include "log/compaction.hpp"
#include "log/keys.hpp"
#include "log/reader.hpp"
#include "log/recovery.hpp"
#include "log/retention.hpp"
#include "log/stream_erasure.hpp"
#include "log/stream_uuid.hpp"
#include "log/stream_writer.hpp"
#include "log/time_index.hpp"
#include "log/verify.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/stream_settings.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace holdfast::log {

namespace {

constexpr std::uint64_t kWriteBufferMin = 1U << 20U;

Error no_stream(std::string_view name) {
    return fail(Errc::not_found, fmt::format("no stream '{}'", name));
}

Error read_only() {
    return fail(Errc::denied, "the log is open for reading only");
}

Error database_closed() {
    return fail(Errc::io, "the database is closed until it can be recovered");
}

// Nothing was ever appended to it.
bool is_unused(const StreamEntry& entry) {
    return std::ranges::all_of(entry.partitions,
                               [](const auto& each) { return each->next_offset == 0; });
}

} // namespace

Result<std::unique_ptr<Log>> Log::open(LogOptions options, const Clock& clock, Metrics& metrics) {
    auto log = std::make_unique<EmbeddedLog>(std::move(options), clock, metrics);
    HF_TRY(log->start());
    return std::unique_ptr<Log>(std::move(log));
}

EmbeddedLog::EmbeddedLog(LogOptions options, const Clock& clock, Metrics& metrics)
    : clock_(clock), metrics_(metrics) {
    store_.storage = options.storage ? options.storage : kv::local_storage();
    store_.options = std::move(options);
    // A small directory must not be filled by one memtable's logs.
    if (store_.options.disk_bytes_max != 0)
        store_.options.write_buffer_bytes =
            std::min<std::size_t>(store_.options.write_buffer_bytes,
                                  std::max(store_.options.disk_bytes_max / 16, kWriteBufferMin));
    disk_ = std::make_shared<DiskWatch>(store_.options, store_.storage, clock);
    // The registry may outlive the log: what the gauges read stays with them.
    const std::weak_ptr<DiskWatch> disk = disk_;
    metrics.gauge("holdfast_log_disk_bytes", "Bytes of the log's directory", [disk] {
        const auto watch = disk.lock();
        return watch ? static_cast<double>(watch->used_bytes()) : 0.0;
    });
    metrics.gauge("holdfast_log_disk_free_bytes", "Bytes free on the log's file system", [disk] {
        const auto watch = disk.lock();
        return watch ? static_cast<double>(watch->free_bytes()) : 0.0;
    });
}

EmbeddedLog::~EmbeddedLog() {
    if (!committer_) return; // nothing was written
    committer_->stop();
    // After a failed write RocksDB takes no sync any more (it asserts).
    const bool can_sync =
        !committer_->broken() && store_.database && !store_.database->has_failed();
    committer_.reset();
    if (can_sync)
        if (auto closed = close_durably(); !closed)
            log_warn("log", "closing: {}", closed.error().context);
    close_store(store_);
}

// After that the next start knows what it must find.
Result<void> EmbeddedLog::close_durably() {
    HF_TRY(store_.database->finish());
    return mark_closed(store_, store_.options.directory);
}

Result<void> EmbeddedLog::checkpoint(const std::filesystem::path& directory) {
    if (auto why = refusing()) return *why;
    {
        // Beside appends: little is left to flush when they have to wait.
        const std::shared_lock lock(store_.reopening);
        if (!store_.database) return database_closed();
        HF_TRY(store_.database->flush_all());
    }
    return on_committer<void>([&] { return make_checkpoint(store_, directory); });
}

Result<void> EmbeddedLog::start() {
    {
        const std::lock_guard lock(store_.reopening);
        if (std::filesystem::exists(store_.options.directory)) disk_->look_again();
        HF_TRY(recover(store_, clock_));
    }
    if (store_.options.read_only) return ok();
    committer_ = std::make_unique<Committer>(store_, waiters_, *disk_, clock_, metrics_);
    return ok();
}

template <class T>
Result<T> EmbeddedLog::on_committer(std::function<Result<T>()> write) {
    if (!committer_) return read_only();
    std::optional<Result<T>> result;
    HF_TRY(committer_->run([&]() -> Result<void> {
        if (auto why = committer_->broken())
            result.emplace(*why);
        else
            result.emplace(write());
        return ok();
    }));
    return std::move(*result);
}

Result<std::shared_ptr<const Stream>> EmbeddedLog::create_stream(StreamSettings settings) {
    HF_TRY(check_settings(settings));
    return on_committer<std::shared_ptr<const Stream>>(
        [&]() -> Result<std::shared_ptr<const Stream>> {
            if (store_.streams.find(settings.name))
                return fail(Errc::already_exists,
                            fmt::format("stream '{}' exists already", settings.name));
            if (auto full = disk_->full()) return *full;
            auto stream = std::make_shared<const Stream>(Stream{StreamId{store_.next_stream_id++},
                                                                make_uuid(), std::move(settings),
                                                                clock_.now_ms(), true});
            HF_TRY(save_stream(store_, *stream));
            auto entry = std::make_shared<StreamEntry>();
            entry->stream = stream;
            for (PartitionIndex i = 0; i < stream->settings.partitions; ++i)
                entry->partitions.push_back(
                    std::make_shared<Partition>(PartitionId{stream->id, i}));
            store_.streams.put(std::move(entry));
            return stream;
        });
}

Result<std::shared_ptr<const Stream>> EmbeddedLog::alter_stream(const StreamSettings& settings) {
    HF_TRY(check_settings(settings));
    return on_committer<std::shared_ptr<const Stream>>(
        [&]() -> Result<std::shared_ptr<const Stream>> {
            const auto old = store_.streams.find(settings.name);
            if (!old) return no_stream(settings.name);
            if (settings.partitions < old->partitions.size())
                return fail(
                    Errc::malformed,
                    fmt::format("stream '{}': has {} partitions, they cannot become {}: "
                                "partitions are only ever added",
                                settings.name, old->partitions.size(), settings.partitions));
            auto stream = std::make_shared<Stream>(*old->stream);
            stream->settings = settings;
            // Older records stay where fewer partitions put them.
            if (settings.partitions > old->partitions.size() && !is_unused(*old))
                stream->keys_in_place = false;
            HF_TRY(save_stream(store_, *stream));
            auto entry = std::make_shared<StreamEntry>(StreamEntry{stream, old->partitions});
            while (entry->partitions.size() < settings.partitions)
                entry->partitions.push_back(std::make_shared<Partition>(PartitionId{
                    stream->id, static_cast<PartitionIndex>(entry->partitions.size())}));
            store_.streams.put(std::move(entry));
            return stream;
        });
}

Result<void> EmbeddedLog::delete_stream(std::string_view name) {
    disk_->look_again();
    return on_committer<void>([&]() -> Result<void> {
        const auto entry = store_.streams.find(name);
        if (!entry) return no_stream(name);
        kv::WriteBatch batch;
        stage_stream_end(store_, *entry, batch);
        HF_TRY(store_.database->write(batch, true));
        HF_TRY(store_.database->flush(store_.meta));
        store_.streams.erase(entry->stream->id);
        for (const auto& partition : entry->partitions)
            store_.producer_count -= partition->producers.count();
        for (const auto& partition : entry->partitions) {
            while (!partition->spans().empty()) partition->drop_first_span();
            constexpr Offset kEver = std::numeric_limits<Offset>::max();
            waiters_.wake(partition->id(), {0, kEver, kEver});
        }
        store_.slices.close_unused(clock_.now_ms());
        return drop_empty_slices(store_);
    });
}

std::shared_ptr<const Stream> EmbeddedLog::find_stream(std::string_view name) const {
    const auto entry = store_.streams.find(name);
    return entry ? entry->stream : nullptr;
}

std::shared_ptr<const Stream> EmbeddedLog::find_stream(StreamId id) const {
    const auto entry = store_.streams.find(id);
    return entry ? entry->stream : nullptr;
}

std::vector<std::shared_ptr<const Stream>> EmbeddedLog::streams() const {
    std::vector<std::shared_ptr<const Stream>> streams;
    for (const auto& entry : store_.streams.all()) streams.push_back(entry->stream);
    return streams;
}

std::uint64_t EmbeddedLog::streams_version() const noexcept {
    return store_.streams.version();
}

void EmbeddedLog::append(AppendGroup& group) {
    if (!committer_) return group.completed(read_only());
    committer_->append(group);
}

Result<std::shared_ptr<Partition>> EmbeddedLog::find_partition(PartitionId id) const {
    if (!store_.database) return database_closed();
    if (auto partition = store_.streams.find(id)) return partition;
    return fail(Errc::not_found,
                fmt::format("no partition {} of stream {}", id.index, number(id.stream)));
}

Result<Fetched> EmbeddedLog::fetch(PartitionId id, Offset from, std::size_t bytes_max,
                                   Isolation isolation) const {
    const std::shared_lock lock(store_.reopening);
    HF_TRY(const auto partition, find_partition(id));
    return fetch_batches(store_, *partition, from, bytes_max, isolation);
}

Result<std::vector<AbortedRange>> EmbeddedLog::aborted(PartitionId id, Offset from,
                                                       Offset end) const {
    const std::shared_lock lock(store_.reopening);
    HF_TRY(const auto partition, find_partition(id));
    HF_TRY(const auto found, AbortedCursor(store_, *partition, from).below(end));
    std::vector<AbortedRange> ranges;
    for (const AbortedTransaction& each : found)
        ranges.push_back({each.producer_id, each.first_offset});
    return ranges;
}

Result<PartitionBounds> EmbeddedLog::bounds(PartitionId id) const {
    const std::shared_lock lock(store_.reopening);
    HF_TRY(const auto partition, find_partition(id));
    return partition->bounds();
}

Result<std::uint64_t> EmbeddedLog::stored_bytes(PartitionId id) const {
    const std::shared_lock lock(store_.reopening);
    HF_TRY(const auto partition, find_partition(id));
    std::uint64_t bytes = 0;
    for (const Span& span : partition->spans_from(partition->log_start_offset()))
        bytes += span.bytes;
    return bytes;
}

Result<Offset> EmbeddedLog::offset_at(PartitionId id, std::int64_t timestamp_ms) const {
    const std::shared_lock lock(store_.reopening);
    HF_TRY(const auto partition, find_partition(id));
    return find_offset_at(store_, *partition, timestamp_ms);
}

Result<Offset> EmbeddedLog::readable_after(PartitionId id, Offset from) const {
    const std::shared_lock lock(store_.reopening);
    HF_TRY(const auto partition, find_partition(id));
    return find_readable(store_, *partition, from);
}

Log::WaitId EmbeddedLog::wait(PartitionId id, Offset from, std::function<void()> wake,
                              Isolation isolation) {
    const WaitId wait = waiters_.add(id, from, isolation, wake, [&] {
        // A stream that is gone wakes at once: the fetch that follows says so.
        const auto partition = store_.streams.find(id);
        return !partition || partition->bounds().readable_end(isolation) > from;
    });
    if (wait == 0) wake();
    return wait;
}

void EmbeddedLog::cancel_wait(WaitId id) {
    waiters_.cancel(id);
}

Result<std::optional<std::string>> EmbeddedLog::state(Keyspace keyspace,
                                                      std::string_view key) const {
    const std::shared_lock lock(store_.reopening);
    if (!store_.database) return database_closed();
    const kv::Family& family = store_.state_family(keyspace);
    if (!family) return std::optional<std::string>(); // an older log, opened read-only
    return store_.database->get(family, as_bytes(key));
}

Result<void> EmbeddedLog::scan_state(Keyspace keyspace, std::string_view prefix,
                                     std::string_view after, const EachState& each) const {
    const std::shared_lock lock(store_.reopening);
    if (!store_.database) return database_closed();
    const kv::Family& family = store_.state_family(keyspace);
    if (!family) return ok();
    auto at = store_.database->iterate(family);
    for (at.seek(as_bytes(std::max(prefix, after))); at.valid(); at.next()) {
        const std::string_view key = as_text(at.key());
        if (!after.empty() && key == after) continue;
        if (!key.starts_with(prefix) || !each(key, as_text(at.value()))) return ok();
    }
    return at.status();
}

Result<Verified> EmbeddedLog::verify(const std::function<void(const Damage&)>& found) const {
    Verified verified;
    for (const auto& stream : streams())
        for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
            // A partition at a time: a recovery must not wait for all of them.
            const std::shared_lock lock(store_.reopening);
            if (!store_.database) return database_closed();
            const auto partition = store_.streams.find(PartitionId{stream->id, i});
            if (!partition) break; // the stream was deleted
            HF_TRY(verify_partition(store_, *stream, *partition, verified, found));
        }
    return verified;
}

// Ids are reserved on disk a block at a time: a crash leaves a gap, never a second use.
Result<std::int64_t> EmbeddedLog::new_producer_id() {
    constexpr std::int64_t kBlock = 100;
    return on_committer<std::int64_t>([&]() -> Result<std::int64_t> {
        if (producer_ids_left_ == 0) {
            kv::WriteBatch batch;
            batch.put(store_.meta, meta_key(MetaKind::next_producer_id),
                      encode_offset(store_.next_producer_id + kBlock));
            HF_TRY(store_.database->write(batch, true));
            store_.next_producer_id += kBlock;
            producer_ids_left_ = kBlock;
        }
        return store_.next_producer_id - producer_ids_left_--;
    });
}

Result<Held> EmbeddedLog::apply_retention(std::int64_t now_ms, const Wanted& wanted) {
    return on_committer<Held>([&]() -> Result<Held> {
        // On a full disk who wants records has no room for them either.
        const Wanted within{wanted.from, disk_->full() ? 0 : wanted.bytes_max};
        HF_TRY(Held held, expire(store_, now_ms, within));
        const std::uint64_t excess = disk_->excess_bytes();
        if (excess == 0) return held;
        HF_TRY(const auto dropped, drop_oldest(store_, excess, wanted, held));
        if (dropped == 0) return held; // appends are refused at the limit, which says so
        metrics_.dropped_bytes.add(dropped);
        log_warn("log", "{}: was near its limit of {} bytes: slices with about {} were dropped",
                 store_.options.directory.string(), store_.options.disk_bytes_max, dropped);
        disk_->look_again();
        return held;
    });
}

OnCommitter EmbeddedLog::by_committer() {
    return [this](const std::function<Result<void>()>& task) { return on_committer<void>(task); };
}

Result<Compacted> EmbeddedLog::compact(std::int64_t now_ms, std::stop_token stop) {
    const std::lock_guard lock(rewriting_);
    return Compactor(store_, by_committer(), metrics_).run(now_ms, stop);
}

Result<Erased> EmbeddedLog::erase(const Erasure& what, std::stop_token stop) {
    const std::lock_guard lock(rewriting_);
    return StreamErasure(store_, by_committer()).run(what, stop);
}

std::uint64_t EmbeddedLog::disk_bytes() const {
    return disk_->used_bytes();
}

std::optional<Error> EmbeddedLog::refusing() const {
    if (!committer_) return read_only();
    if (auto why = committer_->broken()) return why;
    return disk_->full();
}

} // namespace holdfast::log
