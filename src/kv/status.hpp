#pragma once

#include <holdfast/base/result.hpp>

#include <rocksdb/io_status.h>
#include <rocksdb/status.h>

#include <string_view>

namespace holdfast::kv {

// The one place where RocksDB's errors become ours. `doing` names the attempt and the path.
[[nodiscard]] Result<void> checked(const rocksdb::Status& status, std::string_view doing);

} // namespace holdfast::kv
