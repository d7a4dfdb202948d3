#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/broker/subscription_index.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker {

// One message that waits for a persistent session: where it stands, not what it says.
struct QueuedMessage {
    PartitionId partition{};
    Offset offset = 0;
    std::string retained_topic{}; // not empty: the topic's retained message instead of a record
    std::uint8_t qos = 1;         // to deliver with
    std::uint32_t bytes = 0;      // of topic and payload, for the session's bound

    friend bool operator==(const QueuedMessage&, const QueuedMessage&) = default;
};

// What a persistent session has to wait for it, shared by the shards that publish and the one where
// the session lives. The queue itself lies in the log's keyed state, in chunks: each is what one
// group stored for the session, written with the records that it names, and numbered without gaps
// but for groups that failed.
class SessionQueue {
public:
    SessionQueue(std::uint64_t id, SessionRef session, std::uint64_t messages_max,
                 std::uint64_t bytes_max)
        : id_(id), session_(session), messages_max_(messages_max), bytes_max_(bytes_max) {}

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] SessionRef session() const noexcept { return session_; }
    [[nodiscard]] std::uint64_t messages() const noexcept {
        return messages_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept {
        return bytes_.load(std::memory_order_relaxed);
    }
    // Messages that found the queue full, since the server started.
    [[nodiscard]] std::uint64_t dropped() const noexcept {
        return dropped_.load(std::memory_order_relaxed);
    }

    // Room for one more message; false, and counted, where the queue is full. Committer thread.
    [[nodiscard]] bool try_add(std::uint32_t bytes) noexcept {
        if (messages() >= messages_max_ || this->bytes() + bytes > bytes_max_) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        add(1, bytes);
        return true;
    }
    // The same for many; false where not all of them have room.
    [[nodiscard]] bool try_add_all(std::uint64_t messages, std::uint64_t bytes) noexcept {
        if (this->messages() + messages > messages_max_ || this->bytes() + bytes > bytes_max_)
            return false;
        add(messages, bytes);
        return true;
    }
    void add(std::uint64_t messages, std::uint64_t bytes) noexcept {
        messages_.fetch_add(messages, std::memory_order_relaxed);
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void remove(std::uint64_t messages, std::uint64_t bytes) noexcept {
        messages_.fetch_sub(messages, std::memory_order_relaxed);
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }

    // The number of the next chunk. Committer thread.
    [[nodiscard]] std::uint64_t take_number() noexcept { return next_number_++; }
    // Before any shard runs.
    void begin_behind(std::uint64_t last_number) noexcept { next_number_ = last_number + 1; }

private:
    const std::uint64_t id_;
    const SessionRef session_;
    const std::uint64_t messages_max_;
    const std::uint64_t bytes_max_;
    std::atomic<std::uint64_t> messages_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::uint64_t next_number_ = 1; // committer thread
};

// A chunk's value (docs/format/sessions.md), message by message.
class ChunkWriter {
public:
    void add(const QueuedMessage& message);
    [[nodiscard]] std::uint32_t messages() const noexcept { return messages_; }
    [[nodiscard]] std::uint64_t message_bytes() const noexcept { return message_bytes_; }
    [[nodiscard]] std::string take() { return std::string(as_text(bytes_)); }

private:
    Bytes bytes_;
    bool has_partition_ = false;
    PartitionId last_partition_{};
    Offset last_offset_ = 0;
    std::uint32_t messages_ = 0;
    std::uint64_t message_bytes_ = 0;
};
// Errors: corrupt.
[[nodiscard]] Result<std::vector<QueuedMessage>> decode_chunk(std::string_view value);

} // namespace holdfast::broker
