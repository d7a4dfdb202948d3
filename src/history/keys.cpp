#include "history/keys.hpp"

#include <charconv>

namespace holdfast::history {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
constexpr std::string_view kFamilyPrefix = "t";

Bytes tagged(char tag, std::uint32_t id) {
    Bytes key;
    ByteWriter writer(key);
    writer.u8(static_cast<std::uint8_t>(tag));
    writer.u32_be(id);
    return key;
}

} // namespace

Bytes ChunkKey::encode() const {
    Bytes key;
    key.reserve(kBytes);
    ByteWriter writer(key);
    writer.u32_be(group);
    writer.u16_be(column);
    writer.u64_be(static_cast<std::uint64_t>(first_ts_us) ^ kSign);
    writer.u32_be(number);
    return key;
}

std::optional<ChunkKey> ChunkKey::decode(ByteView key) {
    if (key.size() != kBytes) return std::nullopt;
    return ChunkKey{load_u32_be(key.data()), load_u16_be(key.data() + 4),
                    static_cast<std::int64_t>(load_u64_be(key.data() + 6) ^ kSign),
                    load_u32_be(key.data() + 14)};
}

std::int64_t partition_of(std::int64_t ts_us, std::int64_t width_us) noexcept {
    const std::int64_t over = ts_us % width_us;
    return ts_us - (over < 0 ? over + width_us : over);
}

std::string family_name(std::int64_t partition_us) {
    return std::string(kFamilyPrefix) + std::to_string(partition_us);
}

std::optional<std::int64_t> partition_of_family(std::string_view name) {
    if (!name.starts_with(kFamilyPrefix)) return std::nullopt;
    name.remove_prefix(kFamilyPrefix.size());
    std::int64_t start = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), start);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) return std::nullopt;
    return start;
}

Bytes shape_key(ShapeId id) {
    return tagged('s', id);
}
Bytes group_key(GroupId id) {
    return tagged('g', id);
}
Bytes sealed_key(GroupId id) {
    return tagged('p', id);
}
Bytes checkpoint_key(PartitionId from) {
    Bytes key = tagged('o', number(from.stream));
    ByteWriter(key).u32_be(from.index);
    return key;
}

} // namespace holdfast::history
