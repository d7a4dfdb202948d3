#pragma once

#include <holdfast/base/metrics.hpp>
#include <holdfast/base/places.hpp>
#include <holdfast/base/token_bucket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

struct sockaddr;

namespace holdfast::gateway {

struct AddressLimitSettings {
    std::uint32_t connections_max = 0; // of one address at a time; 0 = any number
    std::uint32_t connects_per_s = 0;  // of one address; 0 = any number
};

// The address that limits are for: that of IPv4, also where it comes mapped into IPv6; of IPv6 the
// network of 64 bits, since whoever has one address has all of it.
[[nodiscard]] std::uint64_t network_of(const sockaddr& address) noexcept;

// How many connections one address may have, and how fast it may open them. Of those beyond, a few
// at a time may still be told why; the rest are to be closed at once. Thread-safe: a lock and a
// look at a table for each connection; nothing where both limits are off. Bounded: by the
// connections that are open, and 2 x kRecentMax addresses that came lately, oldest out.
class AddressLimits {
public:
    using Time = TokenBucket::Time;
    static constexpr std::size_t kRecentMax = 65'536;
    static constexpr std::uint32_t kToldMax = 4; // of one address at a time

    enum class Verdict : std::uint8_t { taken, too_many, too_fast };
    struct Answer {
        Verdict verdict = Verdict::taken;
        // To be kept as long as the connection is there. Null where it is to be closed at once; of
        // a taken one also where nothing is counted.
        std::shared_ptr<const void> place{};
    };

    AddressLimits(AddressLimitSettings settings, Metrics& metrics);

    [[nodiscard]] bool is_on() const noexcept {
        return settings_.connections_max != 0 || settings_.connects_per_s != 0;
    }
    // Before the connection is served.
    [[nodiscard]] Answer admit(std::uint64_t network, Time now);

private:
    [[nodiscard]] bool is_too_fast(std::uint64_t network, Time now);

    const AddressLimitSettings settings_;
    Counter& too_many_;
    Counter& too_fast_;
    Places<std::uint64_t> open_;
    Places<std::uint64_t> told_;
    using Recent = std::unordered_map<std::uint64_t, TokenBucket>;
    std::mutex mutex_;
    Recent recent_; // guarded by mutex_: came since turned_
    Recent before_; // guarded by mutex_: came before, and not since
    Time turned_{}; // guarded by mutex_
};

} // namespace holdfast::gateway
