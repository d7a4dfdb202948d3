#include <holdfast/broker/queue_writes.hpp>

#include "broker/session_codec.hpp"

#include <algorithm>
#include <map>
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

// Sessions that match the same messages get the same bytes: these are encoded once, however many
// sessions there are, since the committer has better things to do.
void QueueWrites::build(std::span<const log::PartitionAppend> appends,
                        std::vector<log::StateChange>& changes) {
    const std::size_t begin = chunks_.size();
    std::map<std::vector<Part>, std::vector<Chunk>> encoded;
    for (const Wanted& wanted : who_wants_what()) {
        const auto [found, is_new] = encoded.try_emplace(wanted.parts);
        if (is_new) found->second = encode(wanted.parts, appends);
        if (!add_whole(wanted.queue, found->second))
            each_message(wanted.parts, appends,
                         [&](const QueuedMessage& message) { put(wanted.queue, message); });
    }
    for (const auto& [queue, message] : retained_) put(queue, message);
    for (auto& [queue, open] : open_) finish(open);
    open_.clear();
    for (const Chunk& chunk : std::span(chunks_).subspan(begin))
        changes.push_back(broker::put(chunk_key(chunk.queue->id(), chunk.number), chunk.value));
}

std::vector<QueueWrites::Wanted> QueueWrites::who_wants_what() const {
    std::vector<Wanted> all;
    std::unordered_map<const SessionQueue*, std::size_t> index;
    for (std::size_t run = 0; run < runs_.size(); ++run) {
        for (const Receiver& receiver : runs_[run].list->receivers()) {
            if (!is_queued(receiver, runs_[run].qos)) continue;
            if (receiver.no_local && runs_[run].publisher == receiver.session) continue;
            const auto [found, is_new] = index.try_emplace(receiver.queue.get(), all.size());
            if (is_new) all.push_back({receiver.queue, {}});
            all[found->second].parts.push_back({run, std::min(runs_[run].qos, receiver.qos)});
        }
    }
    return all;
}

template <class Each>
void QueueWrites::each_message(const std::vector<Part>& parts,
                               std::span<const log::PartitionAppend> appends, Each each) const {
    for (const Part& part : parts) {
        const std::size_t begin = part.run == 0 ? 0 : runs_[part.run - 1].end;
        QueuedMessage message;
        message.qos = part.qos;
        for (const Place& place : std::span(places_).subspan(begin, runs_[part.run].end - begin)) {
            const log::PartitionAppend& append = appends[place.record.append];
            if (append.refused) continue;
            message.partition = append.partition;
            message.offset = append.base_offset + place.record.record;
            message.bytes = place.bytes;
            each(message);
        }
    }
}

// Chunks of nobody yet.
std::vector<QueueWrites::Chunk> QueueWrites::encode(
    const std::vector<Part>& parts, std::span<const log::PartitionAppend> appends) const {
    std::vector<Chunk> chunks;
    ChunkWriter writer;
    const auto end_chunk = [&] {
        if (writer.messages() == 0) return;
        chunks.push_back({nullptr, 0, writer.messages(), writer.message_bytes(), writer.take()});
        writer = ChunkWriter();
    };
    each_message(parts, appends, [&](const QueuedMessage& message) {
        if (message.qos == 2 || writer.messages() >= kChunkMessagesMax) end_chunk();
        writer.add(message);
        if (message.qos == 2) end_chunk();
    });
    end_chunk();
    return chunks;
}

// False where the queue has not room for all of them.
bool QueueWrites::add_whole(const std::shared_ptr<SessionQueue>& queue,
                            const std::vector<Chunk>& chunks) {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    for (const Chunk& chunk : chunks) {
        messages += chunk.messages;
        bytes += chunk.bytes;
    }
    if (!queue->try_add_all(messages, bytes)) return false;
    for (const Chunk& chunk : chunks)
        chunks_.push_back({queue, queue->take_number(), chunk.messages, chunk.bytes, chunk.value});
    return true;
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
