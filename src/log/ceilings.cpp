#include "log/ceilings.hpp"

#include <holdfast/base/crc32c.hpp>

#include <algorithm>

namespace holdfast::log {

namespace {

constexpr std::size_t kEntryBytes = 20; // stream 4 | partition 4 | ceiling 8 | CRC-32C of these 4

// No stream's: the entries before it are ends, and its ceiling is the manifest's number and length.
constexpr PartitionId kClosed{StreamId{0xFFFF'FFFF}, 0xFFFF'FFFF};

Bytes encode(const std::vector<Ceilings::Entry>& entries) {
    Bytes bytes;
    bytes.reserve(entries.size() * kEntryBytes);
    ByteWriter writer(bytes);
    for (const auto& entry : entries) {
        writer.u32_be(number(entry.partition.stream));
        writer.u32_be(entry.partition.index);
        writer.u64_be(static_cast<std::uint64_t>(entry.ceiling));
        writer.u32_be(crc32c(ByteView(bytes).last(kEntryBytes - 4)));
    }
    return bytes;
}

} // namespace

Result<Ceilings::Loaded> Ceilings::load(const kv::Storage& storage,
                                        const std::filesystem::path& file) {
    Loaded loaded;
    auto content = kv::read_side_file(storage, file);
    if (!content && content.error().code == Errc::not_found) return loaded;
    if (!content) return std::move(content).error();
    ByteView rest = content.value();
    for (; rest.size() >= kEntryBytes; rest = rest.subspan(kEntryBytes)) {
        const std::byte* at = rest.data();
        if (crc32c(rest.first(kEntryBytes - 4)) != load_u32_be(at + 16)) continue;
        const PartitionId partition{StreamId{load_u32_be(at)}, load_u32_be(at + 4)};
        if (partition == kClosed) {
            loaded.manifest = kv::Manifest{load_u32_be(at + 8), load_u32_be(at + 12)};
            continue;
        }
        Offset& ceiling = loaded.ceilings[partition];
        ceiling = std::max(ceiling, static_cast<Offset>(load_u64_be(at + 8)));
    }
    return loaded;
}

Result<Ceilings> Ceilings::rewrite(const kv::Storage& storage, const std::filesystem::path& file,
                                   const std::vector<Entry>& entries) {
    HF_TRY(kv::replace_side_file(storage, file, encode(entries)));
    HF_TRY(auto open, kv::AppendFile::open(storage, file));
    return Ceilings(std::move(open));
}

Result<void> Ceilings::close(const kv::Storage& storage, const std::filesystem::path& file,
                             std::vector<Entry> ends, const kv::Manifest& manifest) {
    ends.push_back({kClosed, Offset{manifest.number} << 32U | Offset{manifest.bytes}});
    return kv::replace_side_file(storage, file, encode(ends));
}

Result<void> Ceilings::raise(const std::vector<Entry>& entries) {
    return file_.append_synced(encode(entries));
}

} // namespace holdfast::log
