#include "broker/queue_contents.hpp"

#include "broker/session_codec.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kChunksMax = 64; // of a stretch
constexpr std::size_t kChunkBytesMax = 64U << 10U;

// Well below what RecordCache keeps: all that one read brings must be there when its session is
// sent what it waits for, or it would be read again and again.
constexpr std::size_t kBatchesMax = RecordCache::kBatchesMax / 2;
constexpr std::size_t kBytesMax = RecordCache::kBytesMax / 8;

// Stands for a record that is not there any more.
DecodedBatch nothing_at(PartitionId partition, Offset offset) {
    DecodedBatch batch;
    batch.partition = partition;
    batch.base_offset = batch.last_offset = offset;
    return batch;
}

DecodedBatch batch_of(const log::Log& log, const QueuedMessage& message) {
    auto batch = read_batch(log, message.partition, message.offset);
    if (batch) return std::move(batch).value();
    log_debug("mqtt", "a queued message is gone: {}", batch.error().context);
    return nothing_at(message.partition, message.offset);
}

} // namespace

Result<QueueStretch> read_stretch(const log::Log& log, std::uint64_t session_id,
                                  std::uint64_t first) {
    QueueStretch stretch;
    std::size_t bytes = 0;
    HF_TRY(log.scan_state(kSessionsKeyspace, key_prefix(SessionKey::chunk, session_id),
                          chunk_key(session_id, first - 1),
                          [&](std::string_view key, std::string_view value) {
                              if (stretch.chunks.size() >= kChunksMax || bytes > kChunkBytesMax) {
                                  stretch.is_through = false;
                                  return false;
                              }
                              const auto number = chunk_number(key);
                              if (!number) return true; // nothing that was ever written
                              stretch.chunks.emplace_back(number.value(), value);
                              bytes += value.size();
                              return true;
                          }));
    return stretch;
}

QueueContents read_contents(const log::Log& log, std::span<const QueuedMessage> messages) {
    QueueContents contents;
    std::size_t bytes = 0;
    for (const QueuedMessage& message : messages) {
        if (bytes > kBytesMax || contents.batches.size() >= kBatchesMax) break;
        if (!message.retained_topic.empty()) {
            auto value = log.state(kRetainedKeyspace, message.retained_topic);
            auto& kept = contents.retained.emplace_back(message.retained_topic, std::nullopt);
            if (value) kept.second = std::move(value).value();
            bytes += kept.second ? kept.second->size() : 0;
            continue;
        }
        const bool is_here = std::ranges::any_of(contents.batches, [&](const DecodedBatch& batch) {
            return batch.covers(message.partition, message.offset);
        });
        if (is_here) continue;
        DecodedBatch batch = batch_of(log, message);
        bytes += batch.size_bytes();
        const bool is_first = contents.batches.empty() && contents.retained.empty();
        if (!is_first && bytes > kBytesMax) break; // a large one comes alone
        contents.batches.push_back(std::move(batch));
    }
    return contents;
}

} // namespace holdfast::broker
