#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

namespace holdfast::record {

// MurmurHash2 as Kafka's Java client computes it (seed 0x9747b28c, 32 bit).
// Source: org.apache.kafka.common.utils.Utils.murmur2 (behaviour), A. Appleby (method).
[[nodiscard]] std::int32_t murmur2(ByteView bytes) noexcept;

// Kafka's default partition of a keyed record: positive(murmur2(key)) mod partitions (> 0).
[[nodiscard]] PartitionIndex partition_for(ByteView key, PartitionIndex partitions) noexcept;

} // namespace holdfast::record
