#include "log/keys.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::log {

namespace {

void store_partition(std::byte* at, PartitionId partition) noexcept {
    store_u32_be(at, number(partition.stream));
    store_u32_be(at + 4, partition.index);
}

} // namespace

RecordKey record_key(PartitionId partition, Offset last_offset) noexcept {
    RecordKey key;
    store_partition(key.data(), partition);
    store_u64_be(key.data() + 8, static_cast<std::uint64_t>(last_offset));
    return key;
}

RecordKey partition_end_key(PartitionId partition) noexcept {
    // Offsets are never negative, so no record has this key.
    return record_key(partition, -1);
}

PartitionPrefix partition_prefix(PartitionId partition) noexcept {
    PartitionPrefix prefix;
    store_partition(prefix.data(), partition);
    return prefix;
}

bool belongs_to(ByteView record_key, PartitionId partition) noexcept {
    const PartitionPrefix prefix = partition_prefix(partition);
    return record_key.size() == sizeof(RecordKey) &&
           std::equal(prefix.begin(), prefix.end(), record_key.begin());
}

RecordKey producer_key(PartitionId partition, std::int64_t producer_id) noexcept {
    return record_key(partition, producer_id);
}

std::optional<PartitionId> partition_of(ByteView key) noexcept {
    if (key.size() != sizeof(RecordKey)) return {};
    return PartitionId{StreamId{load_u32_be(key.data())}, load_u32_be(key.data() + 4)};
}

Offset last_offset_of(ByteView record_key) noexcept {
    return static_cast<Offset>(load_u64_be(record_key.data() + 8));
}

Bytes meta_key(MetaKind kind) {
    return {static_cast<std::byte>(kind)};
}

Bytes meta_key(MetaKind kind, StreamId stream) {
    Bytes key = meta_key(kind);
    ByteWriter(key).u32_be(number(stream));
    return key;
}

Bytes meta_key(MetaKind kind, PartitionId partition) {
    Bytes key = meta_key(kind, partition.stream);
    ByteWriter(key).u32_be(partition.index);
    return key;
}

Bytes span_key(PartitionId partition, std::uint32_t slice) {
    Bytes key = meta_key(MetaKind::span, partition);
    ByteWriter(key).u32_be(slice);
    return key;
}

} // namespace holdfast::log
