#pragma once

#include <holdfast/base/result.hpp>

#include <rocksdb/file_system.h>

#include <string>

namespace holdfast::kv {

// Whether a write-ahead log in `directory` has a record that RocksDB takes for the rest of a
// recycled log: one damaged byte is enough. RocksDB 7.8 ends the log there without a word, or,
// leaving out what does not read (kSkipAnyCorruptedRecords), looks at the record for ever. No log
// of ours is recycled, so it is damage. Errors: io.
[[nodiscard]] Result<bool> has_foreign_record(rocksdb::FileSystem& files,
                                              const std::string& directory);

} // namespace holdfast::kv
