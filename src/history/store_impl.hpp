#pragma once

#include "history/catalog.hpp"

#include <holdfast/history/store.hpp>
#include <holdfast/kv/database.hpp>

#include <map>
#include <mutex>
#include <unordered_map>

namespace holdfast::history {

class Store::Impl {
public:
    Impl(StoreOptions options, MemoryAccount& memory, Metrics& metrics);
    ~Impl();

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Offset position(PartitionId partition) const;
    [[nodiscard]] Offset sealed_below(PartitionId partition) const;
    [[nodiscard]] Result<void> add(PartitionId from, std::span<const NewRow> rows, Offset next);
    [[nodiscard]] Result<void> seal_all();
    [[nodiscard]] Result<void> scan(StreamId stream, std::string_view device,
                                    std::span<const std::string> fields, std::int64_t from_us,
                                    std::int64_t to_us, const EachBatch& each) const;
    [[nodiscard]] std::vector<std::string> fields(StreamId stream, std::string_view device) const;
    [[nodiscard]] std::vector<std::string> devices(StreamId stream) const;
    [[nodiscard]] Result<std::size_t> drop_before(std::int64_t us);
    [[nodiscard]] StoreCounts counts() const;

private:
    // What is known of one partition of the log.
    struct Progress {
        Offset told_below = 0;   // rows below were added
        Offset stored_below = 0; // the checkpoint: rows below are in chunks
    };

    [[nodiscard]] Result<void> load_progress();
    void add_row(PartitionId from, const NewRow& row);
    void refuse(std::string_view bound, const std::string& why);
    [[nodiscard]] Result<void> seal_as_needed();
    [[nodiscard]] Result<void> seal(std::span<Group* const> groups);
    [[nodiscard]] Result<void> put_chunks(const Group& group, kv::WriteBatch& batch);
    void put_checkpoints(std::span<Group* const> sealed, kv::WriteBatch& batch,
                         std::map<PartitionId, Offset>& stored) const;
    [[nodiscard]] Result<kv::Family> family_for(std::int64_t partition_us);
    void account(std::size_t before, std::size_t after) noexcept;

    const StoreOptions options_;
    MemoryAccount& memory_;
    Metrics& metrics_;
    Counter& rows_;
    Counter& repeated_;
    Counter& chunks_;
    Counter& chunk_bytes_;

    mutable std::mutex mutex_; // of all below; a scan holds it only while it takes stock
    std::unique_ptr<kv::Database> database_;
    kv::Family meta_;
    std::map<std::int64_t, kv::Family> families_; // by the first microsecond of their partition
    Catalog catalog_;
    std::map<PartitionId, Progress> progress_;
    std::vector<Group*> full_;
    std::vector<column::Value> values_; // of the row at hand
    std::size_t heads_bytes_ = 0;
    std::uint32_t next_chunk_ = 1;
    StoreCounts counts_;
    std::int64_t kept_from_us_ = INT64_MIN; // times before are over: their partitions were dropped
};

} // namespace holdfast::history
