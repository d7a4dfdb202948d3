#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker {

// One session of one shard. `generation` tells a slot's later tenants apart; nobody has 0.
struct SessionRef {
    std::uint16_t shard = 0;
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;

    friend auto operator<=>(const SessionRef&, const SessionRef&) = default;
};

class SessionQueue;

// What a session asked for with one topic filter.
struct Subscription {
    SessionRef session;
    std::uint8_t qos = 0;                  // granted
    bool is_v5 = false;                    // wire format of the session
    bool no_local = false;                 // MQTT 5: not what the session itself published
    bool retain_as_published = false;      // MQTT 5: with the RETAIN flag that the publisher set
    std::uint32_t identifier = 0;          // MQTT 5 subscription identifier; 0 = none
    std::shared_ptr<SessionQueue> queue{}; // of a persistent session, else null
    bool is_denied = false; // by rights that changed: kept with the session, not in the index

    friend auto operator<=>(const Subscription&, const Subscription&) = default;
};

// All subscriptions of all shards: a trie of topic levels.
//
// Publishers ask it only when a topic is new to their shard's topic cache or version() has moved
// since it was cached, so the lock is far from the hot path. Thread-safe.
class SubscriptionIndex {
public:
    static constexpr std::size_t kLevelsMax = 128; // of a filter; bounds depth and recursion

    SubscriptionIndex();
    ~SubscriptionIndex();

    // `filter` is a legal topic filter of at most kLevelsMax levels. A session subscribes to a
    // filter once: to change it, unsubscribe first.
    void subscribe(std::string_view filter, const Subscription& subscription);
    // False where the session has no such subscription.
    bool unsubscribe(std::string_view filter, SessionRef session);

    // Appends what matches `topic`, in no order; a session with overlapping filters comes once for
    // each. Topics that start with `$` are matched by no filter that starts with a wildcard.
    void match(std::string_view topic, std::vector<Subscription>& out) const;

    // Grows with every change.
    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire);
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return size_.load(std::memory_order_relaxed);
    }

private:
    struct Node;

    mutable std::shared_mutex mutex_;
    std::unique_ptr<Node> root_; // guarded by mutex_
    std::atomic<std::uint64_t> version_{1};
    std::atomic<std::size_t> size_{0};
};

} // namespace holdfast::broker
