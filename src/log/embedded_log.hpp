#pragma once

#include "log/committer.hpp"
#include "log/partition_pass.hpp"
#include "log/store.hpp"

#include <mutex>

namespace holdfast::log {

// The log on RocksDB. Writes go through the committer; reads come straight from the database.
class EmbeddedLog final : public Log {
public:
    EmbeddedLog(LogOptions options, const Clock& clock, Metrics& metrics);
    ~EmbeddedLog() override;

    // Recovers, then starts the committer. Before anything else.
    [[nodiscard]] Result<void> start();

    [[nodiscard]] Result<std::shared_ptr<const Stream>> create_stream(
        StreamSettings settings) override;
    [[nodiscard]] Result<std::shared_ptr<const Stream>> alter_stream(
        const StreamSettings& settings) override;
    [[nodiscard]] Result<void> delete_stream(std::string_view name) override;
    [[nodiscard]] std::shared_ptr<const Stream> find_stream(std::string_view name) const override;
    [[nodiscard]] std::shared_ptr<const Stream> find_stream(StreamId id) const override;
    [[nodiscard]] std::vector<std::shared_ptr<const Stream>> streams() const override;
    [[nodiscard]] std::uint64_t streams_version() const noexcept override;

    void append(AppendGroup& group) override;
    using Log::fetch;
    [[nodiscard]] Result<Fetched> fetch(PartitionId partition, Offset from, std::size_t bytes_max,
                                        Isolation isolation) const override;
    [[nodiscard]] Result<std::vector<AbortedRange>> aborted(PartitionId partition, Offset from,
                                                            Offset end) const override;
    [[nodiscard]] Result<PartitionBounds> bounds(PartitionId partition) const override;
    [[nodiscard]] Result<std::uint64_t> stored_bytes(PartitionId partition) const override;
    [[nodiscard]] Result<Offset> offset_at(PartitionId partition,
                                           std::int64_t timestamp_ms) const override;
    [[nodiscard]] Result<Offset> readable_after(PartitionId partition, Offset from) const override;

    using Log::wait;
    WaitId wait(PartitionId partition, Offset from, std::function<void()> wake,
                Isolation isolation) override;
    void cancel_wait(WaitId id) override;

    [[nodiscard]] Result<std::optional<std::string>> state(Keyspace keyspace,
                                                           std::string_view key) const override;
    using Log::scan_state;
    [[nodiscard]] Result<void> scan_state(Keyspace keyspace, std::string_view prefix,
                                          std::string_view after,
                                          const EachState& each) const override;

    [[nodiscard]] Result<Verified> verify(
        const std::function<void(const Damage&)>& found) const override;
    [[nodiscard]] Result<std::int64_t> new_producer_id() override;
    [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& directory) override;
    [[nodiscard]] Result<Compacted> compact(std::int64_t now_ms, std::stop_token stop) override;
    [[nodiscard]] Result<Erased> erase(const Erasure& what, std::stop_token stop) override;
    using Log::apply_retention;
    [[nodiscard]] Result<Held> apply_retention(std::int64_t now_ms, const Wanted& wanted) override;
    [[nodiscard]] std::uint64_t disk_bytes() const override;
    [[nodiscard]] std::optional<Error> refusing() const override;

private:
    // Runs `write` on the committer thread, unless the database is broken.
    template <class T>
    [[nodiscard]] Result<T> on_committer(std::function<Result<T>()> write);
    [[nodiscard]] OnCommitter by_committer(); // the same, for long work
    [[nodiscard]] Result<void> close_durably();
    [[nodiscard]] Result<std::shared_ptr<Partition>> find_partition(PartitionId id) const;

    Store store_;
    const Clock& clock_;
    LogMetrics metrics_;
    std::shared_ptr<DiskWatch> disk_;
    Waiters waiters_;
    std::int64_t producer_ids_left_ = 0; // reserved, not given out; committer thread only
    std::mutex rewriting_;               // of batches in place: by one at a time
    std::unique_ptr<Committer> committer_;
};

} // namespace holdfast::log
