#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <rocksdb/file_system.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::kv {

[[nodiscard]] bool is_write_ahead_log(std::string_view file_name);

// The end of a write-ahead log that was not closed: behind it lie zeros that were allocated ahead,
// and perhaps parts of a write that never became whole.
struct WalTail {
    std::uint64_t end = 0; // one past the last whole write
    bool is_torn = false;  // not only zeros follow

    bool operator==(const WalTail&) const = default;
};

// Nothing where the log is best left to RocksDB: it was closed, or what does not read is damage.
//
// A write is torn, not damaged, where a sector (512 bytes, which a disk writes whole) that it spans
// is blank and no whole record follows; parts that do not read for another reason were changed
// after they were written. Format: RocksDB's "Write Ahead Log File Format", 32 KiB blocks of
// records with a header of CRC, length and type. Errors: io.
[[nodiscard]] Result<std::optional<WalTail>> find_wal_tail(rocksdb::FileSystem& files,
                                                           const std::string& path);

// Cuts every write-ahead log in `directory` at its end, where find_wal_tail() knows one; nobody may
// have the database open. With `read_only` nothing is cut. True where a torn write was found.
// Errors: io.
[[nodiscard]] Result<bool> mend_wal_tails(rocksdb::FileSystem& files, const std::string& directory,
                                          bool read_only);

} // namespace holdfast::kv
