#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/bridge.hpp>
#include <holdfast/broker/match_list.hpp>
#include <holdfast/log/log.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

// Record headers, encoded.
struct RecordHeaders {
    Bytes bytes;
    std::uint32_t count = 0;

    void add(std::string_view name, ByteView value);
};

// All that a repeated topic needs on its way: looked up by the topic's bytes, once checked.
struct TopicEntry {
    std::string topic;
    std::shared_ptr<const log::Stream> stream; // null: no route, or the route's stream is gone
    std::uint32_t first_slot = 0;              // the shard's dense number of its partition 0
    Bridge::DeviceFrom device_from = Bridge::DeviceFrom::client_id;
    std::string device;                             // topic: the key; payload: the JSON path
    PartitionIndex partition = 0;                   // of that key
    std::array<RecordHeaders, kQosMax + 1> headers; // by QoS: mqtt.topic, mqtt.qos
    std::shared_ptr<const MatchList> matches;
    std::uint64_t subscriptions_version = 0; // of matches
    // Session::rights_id of those who were last found to have the right to publish here. Whoever
    // gets other rights gets another id.
    std::array<std::uint64_t, 2> granted_to{};

    [[nodiscard]] bool is_granted_to(std::uint64_t rights_id) const noexcept {
        return granted_to[0] == rights_id || granted_to[1] == rights_id;
    }
    void grant_to(std::uint64_t rights_id) noexcept { granted_to = {rights_id, granted_to[0]}; }
};

// One shard's memory of topics: bounded, and forgotten whole when full. One thread.
class TopicCache {
public:
    static constexpr std::size_t kTopicsMax = 65'536;

    TopicCache(const Bridge& bridge, const log::Log& log, const SubscriptionIndex& subscriptions)
        : bridge_(bridge), log_(log), subscriptions_(subscriptions) {}

    // What all entries may take together; one is always kept. Before the first add().
    void limit_bytes(std::size_t most) noexcept { bytes_max_ = most; }

    // The entry of `topic`, up to date; null where it is not known yet. Good until forget().
    [[nodiscard]] TopicEntry* find(std::string_view topic) {
        const auto found = entries_.find(topic);
        return found == entries_.end() ? nullptr : &up_to_date(*found->second);
    }
    // The same for an entry found before in this epoch().
    [[nodiscard]] TopicEntry& up_to_date(TopicEntry& entry) {
        if (entry.subscriptions_version != subscriptions_.version()) refresh(entry);
        return entry;
    }
    // Makes the entry of a legal topic name that find() does not know.
    [[nodiscard]] TopicEntry& add(std::string_view topic);

    // The stream's entry for messages that name a stream instead of a topic; null if there is none.
    [[nodiscard]] std::shared_ptr<const log::Stream> stream(std::string_view name,
                                                            std::uint32_t& first_slot);

    // Forgets all topics where a stream was made, altered or deleted meanwhile.
    void follow_streams() {
        if (const auto version = log_.streams_version(); version != streams_version_) {
            streams_version_ = version;
            forget();
        }
    }
    void forget();
    // Grows with every forget(): pointers to entries of an older epoch are dead.
    [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept;
    };
    void refresh(TopicEntry& entry);
    std::uint32_t slots_of(const log::Stream& stream);

    const Bridge& bridge_;
    const log::Log& log_;
    const SubscriptionIndex& subscriptions_;

    std::unordered_map<std::string_view, std::unique_ptr<TopicEntry>, TextHash, std::equal_to<>>
        entries_; // keys borrow from their entry's topic
    std::size_t bytes_max_ = 32U << 20U;
    std::size_t bytes_ = 0; // of all entries
    struct Slots {
        std::uint32_t first = 0;
        PartitionIndex count = 0;
    };
    std::unordered_map<std::uint32_t, Slots> slots_of_stream_; // by stream id
    std::uint64_t streams_version_ = 0;
    std::uint32_t slots_ = 0;
    MatchLists match_lists_;
    std::uint32_t epoch_ = 1;
};

} // namespace holdfast::broker
