#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace holdfast::kv {

// `files`, but the blocks that a write-ahead log is given ahead count in its size, and small writes
// blank the next of them: a sync then has neither a new size nor a new block to store beside the
// data, which makes it a third cheaper. After a crash such a log ends in zeros: see wal_tail.hpp.
// `files` must be a local file system.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> with_preallocated_logs(
    std::shared_ptr<rocksdb::FileSystem> files);

} // namespace holdfast::kv
