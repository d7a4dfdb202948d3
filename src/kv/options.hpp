#pragma once

#include <holdfast/kv/database.hpp>

#include <rocksdb/file_system.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>

namespace rocksdb {
class Cache;
}

namespace holdfast::kv {

// Whether files in `directory`, which is made where it is missing, take writes past the page cache.
[[nodiscard]] bool takes_direct_writes(rocksdb::FileSystem& files, const std::string& directory);

// How each kind of column family and the database as a whole are tuned; measured on the append
// path (bench/log_append_bench.cpp).
[[nodiscard]] rocksdb::DBOptions database_options(const DatabaseOptions& options, rocksdb::Env* env,
                                                  bool direct_writes);
[[nodiscard]] rocksdb::ColumnFamilyOptions family_options(
    const DatabaseOptions& options, FamilyUse use, const std::shared_ptr<rocksdb::Cache>& cache);

} // namespace holdfast::kv
