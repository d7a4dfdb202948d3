#pragma once

#include <holdfast/kv/database.hpp>

#include <rocksdb/options.h>

#include <memory>

namespace rocksdb {
class Cache;
}

namespace holdfast::kv {

// How each kind of column family and the database as a whole are tuned; measured on the append
// path (bench/log_append_bench.cpp).
[[nodiscard]] rocksdb::DBOptions database_options(const DatabaseOptions& options,
                                                  rocksdb::Env* env);
[[nodiscard]] rocksdb::ColumnFamilyOptions family_options(
    const DatabaseOptions& options, FamilyUse use, const std::shared_ptr<rocksdb::Cache>& cache);

} // namespace holdfast::kv
