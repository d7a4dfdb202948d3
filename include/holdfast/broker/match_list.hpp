#pragma once

#include <holdfast/broker/subscription_index.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

// The wire forms that fan-out writes: a message is encoded once for each that a subscriber needs.
enum class WireForm : std::uint8_t { v3_qos0 = 0, v3_qos1 = 1, v5_qos0 = 2, v5_qos1 = 3 };
inline constexpr std::size_t kWireForms = 4;

[[nodiscard]] constexpr WireForm wire_form(bool is_v5, bool is_qos1) noexcept {
    return static_cast<WireForm>((is_v5 ? 2 : 0) + (is_qos1 ? 1 : 0));
}
[[nodiscard]] constexpr bool is_v5(WireForm form) noexcept {
    return static_cast<unsigned>(form) >= 2;
}
[[nodiscard]] constexpr bool is_qos1(WireForm form) noexcept {
    return (static_cast<unsigned>(form) & 1U) != 0;
}

// A set of them.
class WireForms {
public:
    constexpr void add(WireForm form) noexcept { bits_ |= bit(form); }
    [[nodiscard]] constexpr bool has(WireForm form) const noexcept {
        return (bits_ & bit(form)) != 0;
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
    std::vector<std::uint32_t> identifiers{}; // MQTT 5 subscription identifiers, ascending

    friend bool operator==(const Receiver&, const Receiver&) = default;
};

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

    // Which wire forms messages of QoS 0 and of QoS 1 are needed in.
    [[nodiscard]] WireForms forms(bool publish_is_qos1) const noexcept {
        return publish_is_qos1 ? forms_qos1_ : forms_qos0_;
    }

private:
    std::vector<Receiver> receivers_;
    std::vector<std::uint16_t> shards_;
    bool has_no_local_ = false;
    WireForms forms_qos0_;
    WireForms forms_qos1_;
};

// Makes equal match lists one object, so that fan-out can tell "the same receivers" by pointer.
// Belongs to one shard.
class MatchLists {
public:
    // The list for what SubscriptionIndex::match() gave; never null. Overlapping filters of one
    // session are joined: highest QoS, all identifiers, no-local only where all say so.
    [[nodiscard]] std::shared_ptr<const MatchList> intern(std::vector<Subscription> matched);

private:
    void forget_unused();

    std::unordered_multimap<std::size_t, std::weak_ptr<const MatchList>> by_hash_;
    std::size_t forget_at_ = 1024;
};

} // namespace holdfast::broker
