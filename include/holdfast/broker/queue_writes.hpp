#pragma once

#include <holdfast/broker/match_list.hpp>
#include <holdfast/broker/session_queue.hpp>
#include <holdfast/log/append.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

// Where a record of a group goes: index into its appends, and its place in that batch.
struct RecordPlace {
    std::uint32_t append = 0;
    std::int32_t record = 0;
};

// What one group leaves in the queues of persistent sessions: a chunk for each of them, stored in
// the same write as the records that it names. Filled by the group's shard; build() and undo() run
// on the committer thread.
class QueueWrites {
public:
    static constexpr std::uint32_t kChunkMessagesMax = 1024;

    struct Chunk {
        std::shared_ptr<SessionQueue> queue;
        std::uint64_t number = 0;
        std::uint32_t messages = 0;
        std::uint64_t bytes = 0; // of the messages
        std::string value;
    };

    // The record at `place` is for those receivers of `list` that have a queue. `bytes`: of topic
    // and payload.
    void add(const std::shared_ptr<const MatchList>& list, SessionRef publisher, std::uint8_t qos,
             RecordPlace place, std::uint32_t bytes);
    // A retained message for one session.
    void add_retained(std::shared_ptr<SessionQueue> queue, QueuedMessage message);

    // Makes the chunks, now that the records have their offsets, and adds their state changes.
    void build(std::span<const log::PartitionAppend> appends,
               std::vector<log::StateChange>& changes);
    // The group was not stored.
    void undo();
    void clear();

    [[nodiscard]] bool empty() const noexcept { return runs_.empty() && retained_.empty(); }
    // What is kept of the group, until build().
    [[nodiscard]] std::size_t size_bytes() const noexcept {
        return places_.size() * sizeof(Place) + runs_.size() * sizeof(Run) + retained_bytes_;
    }
    [[nodiscard]] std::vector<Chunk>& chunks() noexcept { return chunks_; }
    // Messages that found a queue full.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
    struct Place {
        RecordPlace record;
        std::uint32_t bytes;
    };
    struct Run { // neighbours with the same receivers
        std::shared_ptr<const MatchList> list;
        SessionRef publisher;
        std::uint8_t qos = 0;
        std::size_t end = 0; // of its places
    };
    struct Part { // a run as one session gets it
        std::size_t run = 0;
        std::uint8_t qos = 0;
        friend auto operator<=>(const Part&, const Part&) = default;
    };
    struct Wanted {
        std::shared_ptr<SessionQueue> queue;
        std::vector<Part> parts;
    };
    [[nodiscard]] std::vector<Wanted> who_wants_what() const;
    template <class Each>
    void each_message(const std::vector<Part>& parts, std::span<const log::PartitionAppend> appends,
                      Each each) const;
    [[nodiscard]] std::vector<Chunk> encode(const std::vector<Part>& parts,
                                            std::span<const log::PartitionAppend> appends) const;
    [[nodiscard]] bool add_whole(const std::shared_ptr<SessionQueue>& queue,
                                 const std::vector<Chunk>& chunks);
    struct Open {
        std::size_t chunk = 0;
        ChunkWriter writer;
    };
    void put(const std::shared_ptr<SessionQueue>& queue, const QueuedMessage& message);
    void finish(Open& open);

    std::vector<Run> runs_;
    std::vector<Place> places_;
    std::vector<std::pair<std::shared_ptr<SessionQueue>, QueuedMessage>> retained_;
    std::size_t retained_bytes_ = 0;
    std::unordered_map<const SessionQueue*, Open> open_;
    std::vector<Chunk> chunks_;
    std::uint64_t dropped_ = 0;
};

} // namespace holdfast::broker
