#include "history/keys.hpp"

#include <charconv>

namespace holdfast::history {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
constexpr std::string_view kFamilyPrefix = "t";
constexpr std::string_view kOwnPrefix = "s";

// The whole text as a number.
template <class Int>
std::optional<Int> number_of(std::string_view text) {
    Int value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

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

Bytes OffsetKey::encode() const {
    Bytes key = tagged('b', number(from.stream));
    ByteWriter writer(key);
    writer.u32_be(from.index);
    writer.u64_be(static_cast<std::uint64_t>(partition_us) ^ kSign);
    return key;
}

std::optional<OffsetKey> OffsetKey::decode(ByteView key) {
    if (key.size() != kBytes) return std::nullopt;
    return OffsetKey{{StreamId{load_u32_be(key.data() + 1)}, load_u32_be(key.data() + 5)},
                     static_cast<std::int64_t>(load_u64_be(key.data() + 9) ^ kSign)};
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
    return number_of<std::int64_t>(name.substr(kFamilyPrefix.size()));
}

std::string own_family_name(StreamId stream, std::int64_t partition_us) {
    return std::string(kOwnPrefix) + std::to_string(number(stream)) + family_name(partition_us);
}

std::optional<OwnPartition> own_partition_of_family(std::string_view name) {
    const std::size_t behind = name.find(kFamilyPrefix);
    if (!name.starts_with(kOwnPrefix) || behind == std::string_view::npos) return std::nullopt;
    const auto stream =
        number_of<std::uint32_t>(name.substr(kOwnPrefix.size(), behind - kOwnPrefix.size()));
    const auto start = partition_of_family(name.substr(behind));
    if (!stream || !start) return std::nullopt;
    return OwnPartition{StreamId{*stream}, *start};
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
Bytes seen_key(GroupId id) {
    return tagged('t', id);
}
Bytes latest_key(GroupId id) {
    return tagged('v', id);
}
Bytes checkpoint_key(PartitionId from) {
    Bytes key = tagged('o', number(from.stream));
    ByteWriter(key).u32_be(from.index);
    return key;
}

Bytes floor_key(std::int64_t start_us, PartitionId from) {
    Bytes key;
    ByteWriter writer(key);
    writer.u8('f');
    writer.u64_be(static_cast<std::uint64_t>(start_us));
    writer.u32_be(number(from.stream));
    writer.u32_be(from.index);
    return key;
}

Bytes rebuilding_key(std::string_view family) {
    Bytes key;
    ByteWriter writer(key);
    writer.u8('n');
    writer.text(family);
    return key;
}

Bytes apart_key(StreamId stream) {
    return tagged('a', number(stream));
}

Bytes erasure_key(StreamId stream, std::string_view device) {
    Bytes key = tagged('e', number(stream));
    ByteWriter(key).text(device);
    return key;
}

Bytes refused_key(StreamId stream) {
    return tagged('r', number(stream));
}

} // namespace holdfast::history
