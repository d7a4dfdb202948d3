#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/base/memory_account.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::gateway {

// What was said on a topic last. `payload` is its beginning.
struct TopicState {
    std::string topic;
    StreamId stream{};            // where the message lies; of no meaning while messages == 0
    PartitionIndex partition = 0; // the same
    Offset offset = 0;            // the same
    std::int64_t first_ms = 0;    // ingest time of the first message that was seen
    std::int64_t last_ms = 0;     // of the last one; epoch milliseconds
    std::uint64_t messages = 0;   // that were seen; 0: only its retained message is known
    std::uint64_t change = 0;     // grows from topic to topic with each message, over all topics
    double decayed = 0;           // messages, each worth e^(-age / kRateWindowMs), at last_ms
    std::size_t payload_bytes = 0;
    std::string payload;
};

// Bytes of a payload that are kept.
inline constexpr std::size_t kTopicPayloadBytesMax = 256;
// Messages count for the rate by their age: with a third of their weight after this time.
inline constexpr double kRateWindowMs = 30'000;

// Messages a second at `now_ms`: the exponentially weighted mean, corrected for a topic that has
// been seen for less than the window.
[[nodiscard]] double rate_of(const TopicState& topic, std::int64_t now_ms) noexcept;

// The topics that were seen, by level, and by when they were seen. Bounded: where there is no room
// for a new one, the topic that said nothing for longest goes. One thread at a time.
class TopicTable {
public:
    static constexpr std::size_t kTopicsMax = 250'000;

    // All bytes are taken from `memory`, which outlives it, and at most `bytes_max` of them.
    TopicTable(MemoryAccount& memory, std::size_t bytes_max)
        : memory_(memory), bytes_max_(bytes_max) {}
    ~TopicTable() { clear(); }
    TopicTable(const TopicTable&) = delete;
    TopicTable& operator=(const TopicTable&) = delete;

    struct Message {
        std::string_view topic;
        PartitionId partition;
        Offset offset = 0;
        std::int64_t ts_ms = 0; // ingest time
        ByteView payload{};
    };
    // Nothing where `topic` is no topic's name: whoever puts a record into a stream says what he
    // likes.
    void see(const Message& message);
    // A retained message, where the topic is not known otherwise. Nothing goes for it: it is the
    // oldest itself.
    void see_retained(std::string_view topic, ByteView payload);
    void clear();

    [[nodiscard]] std::size_t size() const noexcept { return by_age_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    // Topics that went for want of room, since the table was made.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
    // TopicState::change of the newest message.
    [[nodiscard]] std::uint64_t last_change() const noexcept { return last_change_; }

    using IsShown = std::function<bool(const TopicState&)>;
    // One level below a prefix: a topic, or what topics have in common, or both.
    struct Node {
        std::string level;
        const TopicState* topic = nullptr; // null: nothing was said on the node itself
        std::uint64_t topics = 0;          // at the node and below
        std::uint64_t messages = 0;        // of these
        double rate = 0;                   // of these, messages a second
        std::int64_t last_ms = 0;          // of these, the newest
    };
    // The nodes below `prefix` (null: the first levels) with a topic that is shown, in order of
    // their level, behind the level `after`, at most `max`. Cost: linear in the topics below them.
    [[nodiscard]] std::vector<Node> children(const std::string* prefix, const std::string* after,
                                             std::size_t max, std::int64_t now_ms,
                                             const IsShown& is_shown) const;
    // Topics that are shown, in order, behind `after`, at most `max`. Cost: linear in all topics.
    [[nodiscard]] std::vector<const TopicState*> find(std::string_view after, std::size_t max,
                                                      const IsShown& is_shown) const;
    // The topics that were seen since `change`, newest first, until `each` says false.
    void each_since(std::uint64_t change, const std::function<bool(const TopicState&)>& each) const;

private:
    using Topics = std::list<TopicState>;
    // By level: as bytes, but `/` comes before all others, so that what lies below a level follows
    // it at once ("a", "a/b", "a-b").
    struct ByLevel {
        using is_transparent = void;
        bool operator()(std::string_view left, std::string_view right) const noexcept;
        bool operator()(const TopicState* left, std::string_view right) const noexcept {
            return (*this)(std::string_view(left->topic), right);
        }
        bool operator()(std::string_view left, const TopicState* right) const noexcept {
            return (*this)(left, std::string_view(right->topic));
        }
        bool operator()(const TopicState* left, const TopicState* right) const noexcept {
            return (*this)(std::string_view(left->topic), std::string_view(right->topic));
        }
    };

    // Once there is room. `at`: its place by age.
    TopicState& add(std::string_view topic, Topics::iterator at);
    [[nodiscard]] bool take_room(std::size_t bytes);
    void update(TopicState& topic, const Message& message);
    static void set_payload(TopicState& topic, ByteView payload);
    void drop_oldest();

    MemoryAccount& memory_;
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    Topics by_age_;                                                  // newest first
    std::unordered_map<std::string_view, Topics::iterator> by_name_; // keys borrow from the topic
    std::set<const TopicState*, ByLevel> by_level_;
    std::uint64_t last_change_ = 0;
    std::uint64_t left_out_ = 0;
};

} // namespace holdfast::gateway
