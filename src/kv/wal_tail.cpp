#include "kv/wal_tail.hpp"

#include "kv/status.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/base/log_line.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::kv {

namespace {

constexpr std::size_t kBlockBytes = 32U << 10U;
constexpr std::size_t kHeaderBytes = 4 + 2 + 1; // CRC, length, type
constexpr std::uint64_t kSectorBytes = 512;

enum class RecordType : std::uint8_t { blank, full, first, middle, last };

bool is_blank(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

struct Header {
    std::uint32_t masked_crc = 0;
    std::size_t length = 0;
    std::uint8_t type = 0;

    [[nodiscard]] std::size_t record_bytes() const { return kHeaderBytes + length; }
    [[nodiscard]] RecordType record_type() const { return static_cast<RecordType>(type); }
};

std::optional<Header> header_at(ByteView block) {
    if (block.size() < kHeaderBytes) return {};
    const auto byte = [&](std::size_t at) { return std::to_integer<std::uint32_t>(block[at]); };
    Header header;
    header.masked_crc = byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U;
    header.length = byte(4) | byte(5) << 8U;
    header.type = static_cast<std::uint8_t>(byte(6));
    const bool is_plausible =
        header.type > 0 && header.type <= 4 && header.record_bytes() <= block.size();
    return is_plausible ? std::optional(header) : std::nullopt;
}

// The record that `block` starts with, if it reads.
std::optional<Header> whole_record_at(ByteView block) {
    const auto header = header_at(block);
    if (!header) return {};
    const std::uint32_t crc = crc32c(block.subspan(6, 1 + header->length));
    const std::uint32_t masked = std::rotr(crc, 15) + 0xa282ead8U;
    return masked == header->masked_crc ? header : std::nullopt;
}

// Walks one log, block by block.
class WalScan {
public:
    void take_block(ByteView block, std::uint64_t at) {
        if (has_stopped_)
            look_behind(block);
        else
            walk(block, at);
    }

    [[nodiscard]] std::optional<WalTail> tail() const {
        if (!has_stopped_ || is_damaged_) return {};
        return WalTail{whole_end_, is_torn_ || is_inside_write_};
    }

private:
    void walk(ByteView block, std::uint64_t at) {
        while (block.size() >= kHeaderBytes) { // fewer bytes are the block's padding
            const auto header = whole_record_at(block);
            if (!header) return stop(block, at);
            const RecordType type = header->record_type();
            const bool begins = type == RecordType::full || type == RecordType::first;
            const bool ends = type == RecordType::full || type == RecordType::last;
            if (begins == is_inside_write_) {
                has_stopped_ = is_damaged_ = true; // a record reads, but not in this place
                return;
            }
            block = block.subspan(header->record_bytes());
            at += header->record_bytes();
            is_inside_write_ = !ends;
            if (ends) whole_end_ = at;
        }
    }

    void stop(ByteView rest, std::uint64_t at) {
        has_stopped_ = true;
        if (is_blank(rest)) return;
        is_torn_ = true;
        const auto header = header_at(rest);
        const std::size_t length = header ? header->record_bytes() : rest.size();
        is_damaged_ = !has_blank_sector(rest.first(length), at) ||
                      whole_record_at(rest.subspan(length)).has_value();
    }

    static bool has_blank_sector(ByteView record, std::uint64_t at) {
        // What shares its sector with a record before it was written together with that.
        std::uint64_t skip = (kSectorBytes - at % kSectorBytes) % kSectorBytes;
        for (; skip < record.size(); skip += kSectorBytes) {
            const ByteView rest = record.subspan(skip);
            if (is_blank(rest.first(std::min<std::size_t>(rest.size(), kSectorBytes)))) return true;
        }
        return false;
    }

    void look_behind(ByteView block) {
        if (is_blank(block)) return;
        is_torn_ = true;
        if (whole_record_at(block)) is_damaged_ = true;
    }

    std::uint64_t whole_end_ = 0;
    bool is_inside_write_ = false;
    bool has_stopped_ = false; // at the first thing that is no record
    bool is_torn_ = false;
    bool is_damaged_ = false;
};

} // namespace

bool is_write_ahead_log(std::string_view name) {
    constexpr std::string_view kSuffix = ".log";
    if (!name.ends_with(kSuffix)) return false;
    name.remove_suffix(kSuffix.size());
    return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<std::optional<WalTail>> find_wal_tail(rocksdb::FileSystem& files, const std::string& path) {
    const std::string doing = "reading " + path;
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    HF_TRY(checked(files.NewSequentialFile(path, {}, &file, nullptr), doing));
    WalScan scan;
    const auto block = std::make_unique<std::array<char, kBlockBytes>>();
    for (std::uint64_t at = 0;; at += kBlockBytes) {
        rocksdb::Slice read;
        HF_TRY(checked(file->Read(kBlockBytes, {}, &read, block->data(), nullptr), doing));
        scan.take_block(as_bytes({read.data(), read.size()}), at);
        if (read.size() < kBlockBytes) return scan.tail();
    }
}

Result<bool> mend_wal_tails(rocksdb::FileSystem& files, const std::string& directory,
                            bool read_only) {
    std::vector<std::string> names;
    HF_TRY(checked(files.GetChildren(directory, {}, &names, nullptr), "listing " + directory));
    bool is_torn = false;
    for (const std::string& name : names) {
        if (!is_write_ahead_log(name)) continue;
        const std::string path = directory + "/" + name;
        auto found = find_wal_tail(files, path);
        if (!found && read_only && found.error().code == Errc::corrupt) continue; // just deleted
        if (!found) return std::move(found).error();
        const std::optional<WalTail> tail = found.value();
        if (!tail) continue;
        is_torn = is_torn || tail->is_torn;
        if (read_only) continue;
        if (tail->is_torn)
            log_info("kv", "{}: its last write, at {}, is torn and left out", path, tail->end);
        HF_TRY(checked(files.Truncate(path, tail->end, {}, nullptr), "cutting " + path));
    }
    return is_torn;
}

} // namespace holdfast::kv
