#include "kv/wal_foreign_record.hpp"

#include "kv/status.hpp"
#include "kv/wal_tail.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/crc32c.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::kv {
namespace {

constexpr std::size_t kBlockBytes = 32U << 10U;
constexpr std::size_t kHeaderBytes = 4 + 2 + 1;                   // CRC, length, type
constexpr std::size_t kRecycledHeaderBytes = kHeaderBytes + 4;    // and the log's number
constexpr unsigned kFirstRecycledType = 5, kLastRecycledType = 8; // full, first, middle, last

std::uint32_t load_u32_le(ByteView at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
    return value;
}

// Walks a block as RocksDB's reader does, which leaves the rest of a block where a record in it
// does not read.
bool block_has_foreign(ByteView block, std::uint32_t log_number) {
    while (block.size() >= kHeaderBytes) {
        const std::size_t length =
            std::to_integer<std::size_t>(block[4]) | std::to_integer<std::size_t>(block[5]) << 8U;
        const auto type = std::to_integer<unsigned>(block[6]);
        const bool is_recycled = type >= kFirstRecycledType && type <= kLastRecycledType;
        const std::size_t header_bytes = is_recycled ? kRecycledHeaderBytes : kHeaderBytes;
        if (block.size() < header_bytes) return false;
        if (is_recycled && load_u32_le(block.subspan(kHeaderBytes)) != log_number) return true;
        if (header_bytes + length > block.size()) return false;
        const std::uint32_t crc = crc32c(block.subspan(6, header_bytes - 6 + length));
        if (std::rotr(crc, 15) + 0xa282ead8U != load_u32_le(block)) return false;
        block = block.subspan(header_bytes + length);
    }
    return false;
}

Result<bool> log_has_foreign(rocksdb::FileSystem& files, const std::string& path,
                             std::uint32_t log_number) {
    const std::string doing = "reading " + path;
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    HF_TRY(checked(files.NewSequentialFile(path, {}, &file, nullptr), doing));
    const auto block = std::make_unique<std::array<char, kBlockBytes>>();
    for (;;) {
        rocksdb::Slice read;
        HF_TRY(checked(file->Read(kBlockBytes, {}, &read, block->data(), nullptr), doing));
        if (block_has_foreign(as_bytes({read.data(), read.size()}), log_number)) return true;
        if (read.size() < kBlockBytes) return false;
    }
}

} // namespace

Result<bool> has_foreign_record(rocksdb::FileSystem& files, const std::string& directory) {
    std::vector<std::string> names;
    HF_TRY(checked(files.GetChildren(directory, {}, &names, nullptr), "listing " + directory));
    for (const std::string& name : names) {
        if (!is_write_ahead_log(name)) continue;
        std::uint64_t number = 0;
        std::from_chars(name.data(), name.data() + name.size(), number); // digits, then ".log"
        HF_TRY(const bool is_found,
               log_has_foreign(files, directory + "/" + name, static_cast<std::uint32_t>(number)));
        if (is_found) return true;
    }
    return false;
}

} // namespace holdfast::kv
