#pragma once

#include "history/catalog.hpp"
#include "history/device_view.hpp"
#include "history/erasures.hpp"
#include "history/floors.hpp"
#include "history/offsets_by_time.hpp"
#include "history/rebuild.hpp"
#include "history/time_partitions.hpp"

#include <holdfast/history/store.hpp>
#include <holdfast/kv/database.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

namespace holdfast::history {

class Store::Impl {
public:
    Impl(StoreOptions options, MemoryAccount& memory, Metrics& metrics);
    ~Impl();

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Offset position(PartitionId partition) const;
    [[nodiscard]] Offset sealed_below(PartitionId partition) const;
    [[nodiscard]] Result<void> add(PartitionId from, std::span<const NewRow> rows, Offset next,
                                   std::optional<Offset> told_from);
    [[nodiscard]] bool has_failed() const noexcept { return database_->has_failed(); }
    [[nodiscard]] Result<void> seal_all();
    [[nodiscard]] Result<void> seal_below(const std::map<PartitionId, Offset>& below);
    [[nodiscard]] Result<void> rewind(PartitionId partition, Offset end);
    [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& directory) const;
    [[nodiscard]] std::unique_ptr<Reading> read(const ScanRequest& request) const;
    [[nodiscard]] std::unique_ptr<Aggregation> aggregate(const AggregateRequest& request) const;
    [[nodiscard]] std::vector<std::string> fields(StreamId stream, std::string_view device) const;
    [[nodiscard]] std::vector<std::string> fields(StreamId stream, std::size_t max) const;
    [[nodiscard]] std::vector<std::string> devices(StreamId stream) const;
    [[nodiscard]] std::vector<DeviceSummary> summaries(StreamId stream, std::string_view after,
                                                       std::size_t max) const;
    [[nodiscard]] std::optional<DeviceSummary> summary(StreamId stream,
                                                       std::string_view device) const;
    [[nodiscard]] Result<Latest> latest(StreamId stream, std::string_view device) const;
    [[nodiscard]] Offsets told_below(StreamId stream) const;
    [[nodiscard]] Coverage coverage(StreamId stream) const;
    [[nodiscard]] Result<std::size_t> drop_before(std::int64_t us,
                                                  const std::map<StreamId, std::int64_t>& own);
    [[nodiscard]] Result<std::optional<std::int64_t>> drop_oldest();
    [[nodiscard]] Result<ErasedDevice> erase(StreamId stream, const std::string& device,
                                             const Offsets& below);
    [[nodiscard]] Result<void> rewrite_erased(StreamId stream, const std::string& device,
                                              const std::stop_token& stop);
    [[nodiscard]] Result<void> end_erasure(StreamId stream, const std::string& device);
    [[nodiscard]] std::vector<std::pair<StreamId, std::string>> erasures() const;
    void suspect(StreamId stream, TimeRange range); // something in it does not read
    [[nodiscard]] bool may_be_damaged() const;
    [[nodiscard]] Result<std::vector<DamagedPartition>> find_damage(const std::stop_token& stop);
    [[nodiscard]] std::uint64_t rebuilds() const; // grows when one begins, and when it ends
    // Why nothing is read of the range; none where it is.
    [[nodiscard]] std::optional<Error> emptied_in(StreamId stream, TimeRange range) const;
    [[nodiscard]] Result<void> begin_rebuild(const DamagedPartition& part);
    [[nodiscard]] Result<void> tell_again(PartitionId from, std::span<const NewRow> rows);
    [[nodiscard]] Result<void> end_rebuild();
    [[nodiscard]] StoreCounts counts() const;

private:
    // What is known of one partition of the log.
    struct Progress {
        Offset told_below = 0;   // rows below were added
        Offset stored_below = 0; // the checkpoint: rows below are in chunks
        Offset synced_below = 0; // and a power cut leaves them there
    };

    // At the chunks that a device has, for its erasure.
    struct Look {
        Erasures::Name name;
        std::set<std::int64_t> partitions; // in which some were sealed meanwhile
    };

    [[nodiscard]] DeviceView view_of(StreamId stream, const std::string& device,
                                     std::span<const std::string> fields, TimeRange range) const;
    [[nodiscard]] Result<void> load_progress();
    [[nodiscard]] Offsets told_below_locked(StreamId stream) const;
    void add_row(PartitionId from, const NewRow& row);
    void fold_offsets();
    [[nodiscard]] std::span<const FieldValue> within_bounds(StreamId stream, const NewRow& row);
    void refuse(StreamId stream, std::string_view bound, const std::string& why);
    void count_refused(std::string_view bound, const std::string& why);
    [[nodiscard]] Result<void> load_coverage();
    [[nodiscard]] Result<void> seal_as_needed();
    [[nodiscard]] Result<void> seal(std::span<Group* const> groups);
    [[nodiscard]] Result<void> seal_synced(const std::function<bool(const Group&)>& is_due);
    [[nodiscard]] Result<void> store_checkpoints();
    [[nodiscard]] Result<void> sync();
    [[nodiscard]] Result<void> check_room() const;
    [[nodiscard]] Result<void> put_chunks(const Group& group, const Head& head,
                                          kv::WriteBatch& batch);
    [[nodiscard]] Result<void> inspect(const kv::Family& family, const std::stop_token& stop) const;
    [[nodiscard]] DamagedPartition describe(const std::string& family, std::string why) const;
    [[nodiscard]] Result<void> load_emptied();
    [[nodiscard]] Result<void> store_told_again();
    void forget_told_again() noexcept;
    void put_checkpoints(std::span<Group* const> sealed, kv::WriteBatch& batch,
                         std::map<PartitionId, Offset>& stored) const;
    [[nodiscard]] Bytes encode_checkpoint(Offset below) const;
    [[nodiscard]] Result<void> store_rewound(PartitionId partition, Offset end);
    [[nodiscard]] Result<std::set<std::int64_t>> having_chunks(
        std::span<const GroupId> groups, const TimePartitions::Families& families) const;
    [[nodiscard]] std::vector<kv::Family> stage_chunks_end(StreamId stream,
                                                           std::span<Group* const> groups,
                                                           const std::set<std::int64_t>& having,
                                                           kv::WriteBatch& batch) const;
    void account(std::size_t before, std::size_t after) noexcept;

    const StoreOptions options_;
    const std::shared_ptr<kv::Storage> storage_;
    MemoryAccount& memory_;
    Metrics& metrics_;
    Counter& rows_;
    Counter& repeated_;
    Counter& chunks_;
    Counter& chunk_bytes_;

    // Of what makes durable, rewinds or erases, one at a time; taken before mutex_, and held while
    // the disk syncs.
    std::mutex syncing_;
    // Of all below. Nothing is read from the disk or synced while it is held, but where a time
    // partition comes or goes; a scan holds it only while it takes stock.
    mutable std::mutex mutex_;
    std::unique_ptr<kv::Database> database_;
    kv::Family meta_;
    TimePartitions partitions_{options_.partition_us};
    OffsetsByTime offsets_{options_.partition_us};
    Catalog catalog_;
    Erasures erasures_;
    Floors floors_;
    std::set<std::string> suspects_; // families in which something did not read
    std::set<std::string> emptied_;  // families that are built anew: they do not have all
    std::optional<Rebuild> rebuild_; // of one of them
    std::uint64_t rebuilds_ = 0;
    std::map<Erasures::Name, std::vector<kv::Family>> had_erased_; // since the start
    std::optional<Look> look_;                                     // of the erasure under way
    std::map<PartitionId, Progress> progress_;
    std::vector<Group*> full_;
    std::vector<FieldValue> values_; // of the row at hand, where they are not as it has them
    std::size_t heads_bytes_ = 0;
    std::uint32_t next_chunk_ = 1;
    StoreCounts counts_;
    std::map<StreamId, bool> partial_; // streams of which something was refused; stored yet?
};

} // namespace holdfast::history
