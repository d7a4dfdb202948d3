#pragma once

#include "log/partition_erasure.hpp"
#include "log/partition_pass.hpp"

#include <holdfast/log/erasure.hpp>

#include <stop_token>
#include <utility>

namespace holdfast::log {

// Log::erase(): goes through the partitions, makes what it wrote durable, and has the tables
// written anew that still hold what went. Reads and compacts on the caller's thread, writes on the
// committer's. Not beside a Compactor: both replace batches that they read before.
class StreamErasure {
public:
    StreamErasure(Store& store, OnCommitter on_committer)
        : store_(store), on_committer_(std::move(on_committer)) {}

    [[nodiscard]] Result<Erased> run(const Erasure& what, const std::stop_token& stop);

private:
    using Slices = PartitionErasure::Slices;

    [[nodiscard]] Result<void> rewrite_tables(const Slices& slices, const std::stop_token& stop);

    Store& store_;
    const OnCommitter on_committer_;
};

} // namespace holdfast::log
