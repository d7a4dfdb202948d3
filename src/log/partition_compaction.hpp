#pragma once

#include "log/key_offsets.hpp"
#include "log/partition_pass.hpp"

#include <map>
#include <memory>
#include <optional>

namespace holdfast::log {

// One pass over a compacted partition (compaction.hpp). Used once.
class PartitionCompaction {
public:
    PartitionCompaction(const PartitionPass& pass, std::int64_t now_ms)
        : pass_(pass), now_ms_(now_ms) {}

    // What went: nothing where too little is new. Errors: closed, corrupt, io, no_space.
    [[nodiscard]] Result<Compacted> run();

private:
    using Batch = PartitionPass::Batch;

    [[nodiscard]] bool is_dirty_enough() const;
    [[nodiscard]] Result<void> note_keys();
    [[nodiscard]] Result<void> clean();
    [[nodiscard]] Result<void> clean_marker(const Batch& batch, kv::WriteBatch& edits);
    [[nodiscard]] Result<void> clean_records(const Batch& batch, kv::WriteBatch& edits);
    void remove(const Batch& batch, kv::WriteBatch& edits);
    void replace(const Batch& batch, const Bytes& with, kv::WriteBatch& edits);
    [[nodiscard]] Result<void> write(kv::WriteBatch& edits, Offset cleaned_end);
    [[nodiscard]] Result<void> finish();

    // Whether tombstones and markers of a batch whose horizon it is may go.
    [[nodiscard]] bool has_passed(const std::optional<std::int64_t>& horizon_ms) const noexcept {
        return horizon_ms && *horizon_ms <= now_ms_;
    }
    // The horizon that a batch without one gets.
    [[nodiscard]] std::optional<std::int64_t> new_horizon_ms(const Batch& batch) const noexcept;

    const PartitionPass& pass_;
    const std::int64_t now_ms_;

    KeyOffsets keys_;                                            // of what is new
    Offset end_ = 0;                                             // of what is cleaned
    std::uint64_t bytes_left_ = 0;                               // below it
    std::map<std::shared_ptr<Slice>, std::uint64_t> bytes_gone_; // of the stretch
    Compacted gone_;
};

} // namespace holdfast::log
