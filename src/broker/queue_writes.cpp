#include <holdfast/broker/queue_writes.hpp>

#include "broker/session_store.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::broker {

void QueueWrites::add(const std::shared_ptr<const MatchList>& list, SessionRef publisher,
                      std::uint8_t qos, RecordPlace place, std::uint32_t bytes) {
    if (runs_.empty() || runs_.back().list != list || runs_.back().qos != qos ||
        (list->has_no_local() && runs_.back().publisher != publisher))
        runs_.push_back({list, publisher, qos, 0});
    places_.push_back({place, bytes});
    runs_.back().end = places_.size();
}

void QueueWrites::add_retained(std::shared_ptr<SessionQueue> queue, QueuedMessage message) {
    retained_bytes_ += sizeof(retained_[0]) + message.retained_topic.size();
    retained_.emplace_back(std::move(queue), std::move(message));
}

void QueueWrites::build(std::span<const log::PartitionAppend> appends,
                        std::vector<log::StateChange>& changes) {
    std::size_t begin = 0;
    for (const Run& run : runs_) {
        const auto places = std::span(places_).subspan(begin, run.end - begin);
        begin = run.end;
        for (const Receiver& receiver : run.list->receivers()) {
            if (!is_queued(receiver, run.qos)) continue;
            if (receiver.no_local && run.publisher == receiver.session) continue;
            QueuedMessage message;
            message.qos = std::min(run.qos, receiver.qos);
            for (const Place& place : places) {
                const log::PartitionAppend& append = appends[place.record.append];
                if (append.refused) continue;
                message.partition = append.partition;
                message.offset = append.base_offset + place.record.record;
                message.bytes = place.bytes;
                put(receiver.queue, message);
            }
        }
    }
    for (const auto& [queue, message] : retained_) put(queue, message);
    for (auto& [queue, open] : open_) finish(open);
    open_.clear();
    for (const Chunk& chunk : chunks_)
        changes.push_back(broker::put(chunk_key(chunk.queue->id(), chunk.number), chunk.value));
}

// A QoS 2 message is a chunk of its own: it ends its way in two steps that must not rewrite others.
void QueueWrites::put(const std::shared_ptr<SessionQueue>& queue, const QueuedMessage& message) {
    if (!queue->try_add(message.bytes)) {
        ++dropped_;
        return;
    }
    auto found = open_.find(queue.get());
    const bool is_alone = message.qos == 2;
    if (found != open_.end() &&
        (is_alone || found->second.writer.messages() >= kChunkMessagesMax)) {
        finish(found->second);
        open_.erase(found);
        found = open_.end();
    }
    if (found == open_.end()) {
        chunks_.push_back({queue, queue->take_number(), 0, 0, {}});
        found = open_.emplace(queue.get(), Open{chunks_.size() - 1, {}}).first;
    }
    found->second.writer.add(message);
    if (!is_alone) return;
    finish(found->second);
    open_.erase(found);
}

void QueueWrites::finish(Open& open) {
    Chunk& chunk = chunks_[open.chunk];
    chunk.messages = open.writer.messages();
    chunk.bytes = open.writer.message_bytes();
    chunk.value = open.writer.take();
}

void QueueWrites::undo() {
    for (const Chunk& chunk : chunks_) chunk.queue->remove(chunk.messages, chunk.bytes);
    chunks_.clear();
}

void QueueWrites::clear() {
    runs_.clear();
    places_.clear();
    retained_.clear();
    retained_bytes_ = 0;
    open_.clear();
    chunks_.clear();
    dropped_ = 0;
}

} // namespace holdfast::broker
