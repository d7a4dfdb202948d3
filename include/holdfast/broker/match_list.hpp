#pragma once

#include <holdfast/broker/subscription_index.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

// The wire forms that fan-out writes: a message is encoded once for each that a subscriber needs.
enum class WireForm : std::uint8_t { v3_qos0, v3_qos1, v3_qos2, v5_qos0, v5_qos1, v5_qos2 };
inline constexpr std::size_t kWireForms = 6;
inline constexpr std::uint8_t kQosMax = 2;

[[nodiscard]] constexpr WireForm wire_form(bool is_v5, std::uint8_t qos) noexcept {
    return static_cast<WireForm>((is_v5 ? 3 : 0) + qos);
}
[[nodiscard]] constexpr bool is_v5(WireForm form) noexcept {
    return static_cast<unsigned>(form) >= 3;
}
[[nodiscard]] constexpr std::uint8_t qos_of(WireForm form) noexcept {
    return static_cast<std::uint8_t>(static_cast<unsigned>(form) % 3);
}

// A set of them.
class WireForms {
public:
    constexpr void add(WireForm form) noexcept { bits_ |= bit(form); }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] constexpr bool has(WireForm form) const noexcept {
        return (bits_ & bit(form)) != 0;
    }
    template <class Each>
    constexpr void for_each(Each each) const {
        for (unsigned rest = bits_; rest != 0; rest &= rest - 1)
            each(static_cast<WireForm>(std::countr_zero(rest)));
    }

private:
    [[nodiscard]] static constexpr unsigned bit(WireForm form) noexcept {
        return 1U << static_cast<unsigned>(form);
    }
    unsigned bits_ = 0;
};

// A session that gets the messages of a match list, once each whatever its filters overlap.
struct Receiver {
    SessionRef session;
    std::uint8_t qos = 0;
    bool is_v5 = false;
    bool no_local = false;
    bool retain_as_published = false;
    std::vector<std::uint32_t> identifiers{}; // MQTT 5 subscription identifiers, ascending
    std::shared_ptr<SessionQueue> queue{};    // of a persistent session, else null

    friend bool operator==(const Receiver&, const Receiver&) = default;
};

// Whether the receiver gets a message published with `qos` through its queue, not at once.
[[nodiscard]] inline bool is_queued(const Receiver& receiver, std::uint8_t qos) noexcept {
    return receiver.queue && qos > 0 && receiver.qos > 0;
}

// Who gets a topic's messages: the receivers grouped by shard. Immutable and shared.
class MatchList {
public:
    explicit MatchList(std::vector<Receiver> receivers); // sorted by session

    [[nodiscard]] bool empty() const noexcept { return receivers_.empty(); }
    [[nodiscard]] const std::vector<Receiver>& receivers() const noexcept { return receivers_; }
    [[nodiscard]] std::span<const Receiver> of_shard(std::uint16_t shard) const;
    // Shards with a receiver, ascending.
    [[nodiscard]] const std::vector<std::uint16_t>& shards() const noexcept { return shards_; }
    [[nodiscard]] bool has_no_local() const noexcept { return has_no_local_; }

    [[nodiscard]] bool has_queue() const noexcept { return has_queue_; }
    [[nodiscard]] bool has_retain_as_published() const noexcept { return has_retain_as_published_; }

    // Which wire forms messages that were published with `qos` are needed in at once.
    [[nodiscard]] WireForms forms(std::uint8_t qos) const noexcept { return forms_[qos]; }

private:
    std::vector<Receiver> receivers_;
    std::vector<std::uint16_t> shards_;
    bool has_no_local_ = false;
    bool has_retain_as_published_ = false;
    bool has_queue_ = false;
    std::array<WireForms, kQosMax + 1> forms_;
};

// Makes equal match lists one object, so that fan-out can tell "the same receivers" by pointer.
// Belongs to one shard.
class MatchLists {
public:
    // The list for what SubscriptionIndex::match() gave; never null. Overlapping filters of one
    // session are joined: highest QoS, all identifiers, no-local only where all say so, retain as
    // published where any does.
    [[nodiscard]] std::shared_ptr<const MatchList> intern(std::vector<Subscription> matched);

private:
    void forget_unused();

    std::unordered_multimap<std::size_t, std::weak_ptr<const MatchList>> by_hash_;
    std::size_t forget_at_ = 1024;
};

} // namespace holdfast::broker
