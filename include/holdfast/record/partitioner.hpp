#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

namespace holdfast::record {

// MurmurHash2 as Kafka's Java client computes it (seed 0x9747b28c, 32 bit).
// Source: org.apache.kafka.common.utils.Utils.murmur2 (behaviour), A. Appleby (method).
[[nodiscard]] std::int32_t murmur2(ByteView bytes) noexcept;

// Kafka's positive(murmur2(key)): what a sender of many records keeps beside their key.
[[nodiscard]] std::uint32_t key_hash(ByteView key) noexcept;

// Kafka's default partition of a keyed record: key_hash(key) mod partitions (> 0).
[[nodiscard]] inline PartitionIndex partition_for(std::uint32_t key_hash,
                                                  PartitionIndex partitions) noexcept {
    return key_hash % partitions;
}
[[nodiscard]] inline PartitionIndex partition_for(ByteView key,
                                                  PartitionIndex partitions) noexcept {
    return partition_for(key_hash(key), partitions);
}

} // namespace holdfast::record
