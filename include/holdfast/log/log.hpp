#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/log/append.hpp>
#include <holdfast/log/erasure.hpp>
#include <holdfast/log/fetched.hpp>
#include <holdfast/log/reports.hpp>
#include <holdfast/log/retention.hpp>
#include <holdfast/log/stream.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::kv {
class Storage; // the file system under the database; tests pass one that fails
}

namespace holdfast::log {

struct LogOptions {
    std::filesystem::path directory;             // made if absent; locked while open
    std::size_t write_buffer_bytes = 64U << 20U; // memtable
    std::size_t block_cache_bytes = 64U << 20U;
    std::uint64_t disk_reserve_bytes = 64U << 20U; // appends are refused (no_space) below this
    // Bound of the directory; 0 = the file system. The oldest slices go to keep it; appends are
    // refused (no_space) where that does not help.
    std::uint64_t disk_bytes_max = 0;
    // Another that counts to the bound, if it is there: slices make room for up to half the bound.
    std::filesystem::path disk_beside{};
    std::int64_t producer_expiry_ms = 86'400'000; // silent producers are forgotten
    std::shared_ptr<kv::Storage> storage{};       // null: the real file system
    std::vector<Keyspace> keyspaces{}; // of all that keep state here; no other may be asked for
    // As it stands, without touching a file, also beside the server that writes it: new records are
    // not seen. Appends and changes are refused (denied).
    bool read_only = false;
};

// The commit log: streams of partitions of record batches, and keyed state beside them.
// All members may be called from any thread; reads never wait for the committer.
class Log {
public:
    // Recovers what is there and says so in a log line. Errors: io (in use, read-only, unreadable),
    // not_supported (written by a newer format), corrupt (metadata damaged): all name the path.
    [[nodiscard]] static Result<std::unique_ptr<Log>> open(LogOptions options, const Clock& clock,
                                                           Metrics& metrics);
    virtual ~Log() = default; // finishes the group under way, refuses the rest with `closed`

    // Durable when it returns. already_exists, malformed (name, bounds).
    [[nodiscard]] virtual Result<std::shared_ptr<const Stream>> create_stream(
        StreamSettings settings) = 0;
    // Changes all settings but the name; more partitions may be added, never taken away. From then
    // on a key may go to another partition than before. not_found, malformed.
    [[nodiscard]] virtual Result<std::shared_ptr<const Stream>> alter_stream(
        const StreamSettings& settings) = 0;
    [[nodiscard]] virtual Result<void> delete_stream(std::string_view name) = 0;
    // Null where there is none.
    [[nodiscard]] virtual std::shared_ptr<const Stream> find_stream(
        std::string_view name) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const Stream> find_stream(StreamId id) const = 0;
    [[nodiscard]] virtual std::vector<std::shared_ptr<const Stream>> streams() const = 0;
    // Grows with every stream that is made, altered or deleted: what was found before is stale.
    [[nodiscard]] virtual std::uint64_t streams_version() const noexcept = 0;

    // Queues `group` for the committer and returns at once; group.completed() follows, always,
    // in the order of append() calls of one thread.
    virtual void append(AppendGroup& group) = 0;

    // Whole batches from the one that holds `from`, up to the readable end and about `bytes_max`
    // (the first batch comes whatever its size). Empty, with next_offset == from, at the readable
    // end; empty with a larger one where all that was met is left out. Every batch's CRC has been
    // checked. Errors: not_found (stream, partition, or offset outside the bounds: context says),
    // corrupt (names the damaged range; reading goes on behind it), io.
    [[nodiscard]] virtual Result<Fetched> fetch(PartitionId partition, Offset from,
                                                std::size_t bytes_max,
                                                Isolation isolation) const = 0;
    [[nodiscard]] Result<Fetched> fetch(PartitionId partition, Offset from,
                                        std::size_t bytes_max) const {
        return fetch(partition, from, bytes_max, Isolation::committed);
    }
    // What a reader of [from, end) as Isolation::uncommitted has to leave out. not_found, io.
    [[nodiscard]] virtual Result<std::vector<AbortedRange>> aborted(PartitionId partition,
                                                                    Offset from,
                                                                    Offset end) const = 0;
    [[nodiscard]] virtual Result<PartitionBounds> bounds(PartitionId partition) const = 0;
    // Bytes of the partition's batches from the log start on, about: whole slices count.
    [[nodiscard]] virtual Result<std::uint64_t> stored_bytes(PartitionId partition) const = 0;
    // First offset whose record has a time >= `timestamp_ms`; the high watermark if none. Errors:
    // not_found, io.
    [[nodiscard]] virtual Result<Offset> offset_at(PartitionId partition,
                                                   std::int64_t timestamp_ms) const = 0;

    // The first offset >= `from` (and the log start) whose record can be read; the high watermark
    // if none. Where a fetch gave corrupt or not_found, reading goes on here. not_found, io.
    [[nodiscard]] virtual Result<Offset> readable_after(PartitionId partition,
                                                        Offset from) const = 0;

    // Calls `wake` once, as soon as the partition's readable end is past `from`: at once on this
    // thread if it already is, else later on the committer thread, where it must not block.
    using WaitId = std::uint64_t;
    virtual WaitId wait(PartitionId partition, Offset from, std::function<void()> wake,
                        Isolation isolation) = 0;
    WaitId wait(PartitionId partition, Offset from, std::function<void()> wake) {
        return wait(partition, from, std::move(wake), Isolation::committed);
    }
    // After it returns, `wake` will not be called any more and is not running.
    virtual void cancel_wait(WaitId id) = 0;

    [[nodiscard]] virtual Result<std::optional<std::string>> state(Keyspace keyspace,
                                                                   std::string_view key) const = 0;
    // Calls `each` in key order for the keys that start with `prefix` and are larger than `after`,
    // until it returns false.
    using EachState = std::function<bool(std::string_view key, std::string_view value)>;
    [[nodiscard]] virtual Result<void> scan_state(Keyspace keyspace, std::string_view prefix,
                                                  std::string_view after,
                                                  const EachState& each) const = 0;
    [[nodiscard]] Result<void> scan_state(Keyspace keyspace, std::string_view prefix,
                                          const EachState& each) const {
        return scan_state(keyspace, prefix, {}, each);
    }

    // Reads everything: every batch's checksum and records, that offsets continue, and that the
    // index of slices says the truth. `found` hears of each damage as it is met. Takes its time and
    // may run beside appends. Errors: io.
    [[nodiscard]] virtual Result<Verified> verify(
        const std::function<void(const Damage&)>& found) const = 0;

    // An id that no producer had before, for an idempotent or transactional one. Errors: as of a
    // write.
    [[nodiscard]] virtual Result<std::int64_t> new_producer_id() = 0;

    // Advances log start offsets past what has expired by `now_ms`, drops expired slices, and the
    // oldest of others while the directory is near its bound, and forgets silent producers.
    // What is `wanted` stays for now; but not past its bound, nor when the directory is all but
    // full: a log line names what goes then. Called on a timer by app; also the way out of a full
    // disk. Errors: io, no_space.
    [[nodiscard]] virtual Result<Held> apply_retention(std::int64_t now_ms,
                                                       const Wanted& wanted) = 0;
    [[nodiscard]] Result<Held> apply_retention(std::int64_t now_ms) {
        return apply_retention(now_ms, {});
    }

    // Takes out of compacted streams what younger records have replaced, where enough is new, and
    // what has expired by `now_ms`. Takes its time, beside appends and reads; ends early when
    // `stop` says so. One thread at a time. Errors: closed, denied, io.
    [[nodiscard]] virtual Result<Compacted> compact(std::int64_t now_ms, std::stop_token stop) = 0;

    // Takes the records of a key out of a stream: no reader gets them any more, and when it returns
    // their bytes have left the files. Offsets stay as they are: a batch that had no other records
    // keeps none. What does not read stays, unread, until its slice goes. Takes its time, beside
    // appends and reads, but after a pass of compact() that is under way; ends early when `stop`
    // says so. May be asked for again at any time. Errors: not_found (no such stream), closed (also
    // where the stream is altered meanwhile), denied, corrupt (a table that holds some of them),
    // io, no_space.
    [[nodiscard]] virtual Result<Erased> erase(const Erasure& what, std::stop_token stop) = 0;

    // The log as it stands, as if it had been closed, in a new directory on the same file system:
    // all that was acknowledged before the call, of each group all or nothing. Tables are linked,
    // so it takes little space and time; appends wait for the links, not for what is flushed
    // before. Errors: already_exists, closed, denied, io, no_space; then nothing is left of it.
    [[nodiscard]] virtual Result<void> checkpoint(const std::filesystem::path& directory) = 0;

    // Bytes on disk of the whole directory, as of the last look (at most a second old).
    [[nodiscard]] virtual std::uint64_t disk_bytes() const = 0;
    // Empty while appends are taken, else why they are refused (disk full, I/O error).
    [[nodiscard]] virtual std::optional<Error> refusing() const = 0;
};

} // namespace holdfast::log
