#pragma once

#include "log/catalog_codec.hpp"
#include "log/producers.hpp"
#include "log/store.hpp"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace holdfast::log {

inline constexpr std::uint32_t kFormatVersion = 4;

// The metadata of streams and partitions, before they exist in memory.
struct FoundMetadata {
    std::uint32_t format = kFormatVersion; // that the metadata is written in
    std::vector<Stream> streams;
    std::unordered_map<PartitionId, Offset> log_starts;
    std::unordered_map<PartitionId, Offset> floors;
    std::unordered_map<PartitionId, CleanedValue> cleaned;
    std::unordered_map<PartitionId, std::vector<std::pair<ProducerId, ProducerState>>> producers;
    std::unordered_set<PartitionId> with_aborted;
    std::unordered_map<PartitionId, std::vector<std::pair<std::uint32_t, SpanValue>>> spans;
};

// Reads the families of metadata of the open database, and into the store what stands there of
// itself. Errors: corrupt, io: they name the directory.
[[nodiscard]] Result<FoundMetadata> read_metadata(Store& store);

} // namespace holdfast::log
