#pragma once

#include <cstddef>

namespace holdfast::record {

// Places in the batch header, docs/format/record_batch.md.
inline constexpr std::size_t kBatchLengthAt = 8;
inline constexpr std::size_t kLeaderEpochAt = 12;
inline constexpr std::size_t kMagicAt = 16;
inline constexpr std::size_t kCrcAt = 17;
inline constexpr std::size_t kAttributesAt = 21; // the CRC covers all from here
inline constexpr std::size_t kLastOffsetDeltaAt = 23;
inline constexpr std::size_t kBaseTimestampAt = 27;
inline constexpr std::size_t kTimestampMaxAt = 35;
inline constexpr std::size_t kProducerIdAt = 43;
inline constexpr std::size_t kProducerEpochAt = 51;
inline constexpr std::size_t kBaseSequenceAt = 53;
inline constexpr std::size_t kRecordCountAt = 57;

// Bits of the attributes beside the codec's.
inline constexpr unsigned kCodecMask = 0x07;
inline constexpr unsigned kLogAppendTime = 0x08;
inline constexpr unsigned kTransactional = 0x10;
inline constexpr unsigned kControl = 0x20;
inline constexpr unsigned kHasDeleteHorizon = 0x40;

} // namespace holdfast::record
