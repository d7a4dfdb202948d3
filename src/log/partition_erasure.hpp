#pragma once

#include "log/partition_pass.hpp"

#include <holdfast/log/erasure.hpp>

#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::log {

// Takes the records of one key out of one partition, in place: a batch is replaced by one without
// them that has its offsets and times, and so the same key on disk. Used once.
class PartitionErasure {
public:
    using Slices = std::map<std::uint32_t, std::shared_ptr<Slice>>; // by their numbers

    PartitionErasure(const PartitionPass& pass, std::string_view key, Offset below)
        : pass_(pass), key_(key), below_(below) {}

    // Not synced. Adds the slices that had such records to `touched`. Errors: closed, io, no_space.
    [[nodiscard]] Result<Erased> run(Slices& touched);

private:
    struct Edit {
        std::shared_ptr<Slice> slice;
        Offset last_offset = 0;
        Bytes with;
        std::size_t bytes_gone = 0;
    };

    [[nodiscard]] Result<void> look_at(const PartitionPass::Batch& batch);
    [[nodiscard]] Result<void> write();

    const PartitionPass& pass_;
    const std::string_view key_;
    const Offset below_;
    std::vector<Edit> edits_; // of the stretch at hand
    Erased erased_;
};

} // namespace holdfast::log
