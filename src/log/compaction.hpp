#pragma once

#include "log/log_metrics.hpp"
#include "log/partition_pass.hpp"

#include <stop_token>
#include <utility>

namespace holdfast::log {

// Compaction as Kafka has it, in place. A compacted stream's records lie in slices of their own
// class, where RocksDB gives space back; a pass notes the last offset of each key in what is new
// (from the partition's first dirty offset on) and then goes through the partition from its start:
// a batch loses the records whose key comes later, keeps offsets and all else, and goes when
// nothing is left. Each step of the way is as good as the last: what went had a successor.
//
// Reads on the caller's thread, writes on the committer's. One thread at a time.
class Compactor {
public:
    Compactor(Store& store, OnCommitter on_committer, LogMetrics& metrics)
        : store_(store), on_committer_(std::move(on_committer)), metrics_(metrics) {}

    // One pass over all partitions that need it; ends early when `stop` says so. What goes wrong
    // with one partition is logged and does not keep the others from theirs. Errors: closed, io.
    [[nodiscard]] Result<Compacted> run(std::int64_t now_ms, const std::stop_token& stop);

private:
    [[nodiscard]] Result<void> give_space_back(const std::stop_token& stop);

    Store& store_;
    const OnCommitter on_committer_;
    LogMetrics& metrics_;
};

// What a compacted stream demands of a batch: every record has a key. Errors: malformed, corrupt.
[[nodiscard]] Result<void> check_keys(ByteView batch);

} // namespace holdfast::log
