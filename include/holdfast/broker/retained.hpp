#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/log/append.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace holdfast::log {
class Log;
}

namespace holdfast::broker {

// The last message of a topic that was published with RETAIN, for subscribers to come. Borrows.
struct RetainedMessage {
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    std::uint8_t qos = 0;             // that it was published with
    std::int64_t expires_ms = kNever; // epoch milliseconds
    ByteView properties{};            // MQTT 5, encoded, to forward; without the expiry interval
    ByteView payload{};
};

// A value of kRetainedKeyspace (docs/format/log.md); its key is the topic.
[[nodiscard]] std::string encode_retained(const RetainedMessage& message);
// Errors: corrupt.
[[nodiscard]] Result<RetainedMessage> decode_retained(std::string_view value);

// What all shards know of the retained messages, which live in the log's keyed state: how much
// they take, and whether some are on their way to be stored. Thread-safe.
class Retained {
public:
    // At most `bytes_max` of topics and values together.
    Retained(std::size_t bytes_max, Metrics& metrics);

    // Counts what is stored, and removes what has expired. Before any shard runs. Errors: corrupt;
    // io, of a write.
    [[nodiscard]] Result<void> load(log::Log& log, std::int64_t now_ms);

    // The state change that makes `message` its topic's retained one; with an empty payload, that
    // leaves the topic without one [MQTT5-3.3.1-6]. Nothing where the bound is reached.
    [[nodiscard]] std::optional<log::StateChange> change(std::string_view topic,
                                                         const RetainedMessage& message);

    // Whether change() would take a message with so large a payload and properties now.
    [[nodiscard]] bool has_room(std::string_view topic, std::size_t bytes) const;

    // Topics whose message has expired by `now_ms`, some of them; none is told of twice.
    [[nodiscard]] std::vector<std::string> take_expired(std::int64_t now_ms);
    // The state change that removes the topic's expired message, whose bytes are free then; nothing
    // where another has come meanwhile. Right before a group is written: what is written before or
    // behind it is younger than the check.
    [[nodiscard]] std::optional<log::StateChange> remove_expired(std::string_view topic,
                                                                 std::int64_t now_ms);

    // Counts a topic again whose change was not stored. What another group changes at the same time
    // is counted at the next start. Errors: io.
    [[nodiscard]] Result<void> recount(const log::Log& log, std::string_view topic);

    // Between the two, a change that was made is not to be seen in the log yet.
    void begin_change() noexcept { begun_.fetch_add(1); }
    void end_change() noexcept { ended_.fetch_add(1); }
    [[nodiscard]] bool has_pending() const noexcept { return changes().is_pending(); }
    // Groups with changes, since the start. Where none was begun or ended between two calls, no
    // subscriber was told of a change between them.
    struct Changes {
        std::uint64_t begun = 0;
        std::uint64_t ended = 0;
        [[nodiscard]] bool is_pending() const noexcept { return begun != ended; }
        friend bool operator==(const Changes&, const Changes&) = default;
    };
    [[nodiscard]] Changes changes() const noexcept {
        const std::uint64_t ended = ended_.load(); // first: none ends before it begins
        return {begun_.load(), ended};
    }

private:
    [[nodiscard]] std::size_t bytes_used() const;
    // False where it went through to the end; `after` is where the next goes on.
    [[nodiscard]] Result<bool> load_stretch(log::Log& log, std::int64_t now_ms, std::string& after,
                                            std::vector<log::StateChange>& expired);
    // With mutex_ held.
    void count(std::string_view topic, std::size_t bytes, std::int64_t expires_ms);

    const std::size_t bytes_max_;
    Counter& refused_;
    std::atomic<std::uint64_t> begun_{0};
    std::atomic<std::uint64_t> ended_{0};
    mutable std::mutex mutex_;
    std::size_t bytes_ = 0; // guarded by mutex_
    struct Counted {
        std::uint32_t bytes = 0;
        bool is_watched = false; // stands in expiring_
        std::int64_t expires_ms = RetainedMessage::kNever;
    };
    // By the topic's hash: two that meet are counted as one. Guarded by mutex_.
    std::unordered_map<std::uint64_t, Counted> of_topic_;
    // Soonest first; a topic that has a later message by then is put back. Guarded by mutex_.
    using Expiring = std::pair<std::int64_t, std::string>;
    std::priority_queue<Expiring, std::vector<Expiring>, std::greater<>> expiring_;
};

} // namespace holdfast::broker
