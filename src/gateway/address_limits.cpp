#include <holdfast/gateway/address_limits.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <chrono>
#include <cstring>
#include <utility>

namespace holdfast::gateway {
namespace {

// After a second without a connection a bucket is full, as that of an address that never came.
constexpr std::chrono::seconds kForgetAfter{1};

std::uint64_t load_be(const std::uint8_t* bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8U | bytes[i];
    return value;
}

} // namespace

std::uint64_t network_of(const sockaddr& address) noexcept {
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 six{};
        std::memcpy(&six, &address, sizeof six);
        const std::uint8_t* const bytes = six.sin6_addr.s6_addr;
        constexpr std::size_t kMappedAt = 12; // ::ffff:a.b.c.d
        if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) return load_be(bytes + kMappedAt, 4);
        return load_be(bytes, 8);
    }
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    return ntohl(four.sin_addr.s_addr);
}

AddressLimits::AddressLimits(AddressLimitSettings settings, Metrics& metrics)
    : settings_(settings),
      too_many_(metrics.counter("holdfast_address_connections_refused",
                                "Connections beyond limits.connections_per_address")),
      too_fast_(metrics.counter("holdfast_address_connects_refused",
                                "Connections beyond limits.connect_rate_per_address")) {}

AddressLimits::Answer AddressLimits::admit(std::uint64_t network, Time now) {
    if (!is_on()) return {};
    if (is_too_fast(network, now)) {
        too_fast_.add();
        return {Verdict::too_fast, told_.try_take(network, kToldMax)};
    }
    if (settings_.connections_max == 0) return {};
    if (auto place = open_.try_take(network, settings_.connections_max))
        return {Verdict::taken, std::move(place)};
    too_many_.add();
    return {Verdict::too_many, told_.try_take(network, kToldMax)};
}

bool AddressLimits::is_too_fast(std::uint64_t network, Time now) {
    if (settings_.connects_per_s == 0) return false;
    const std::lock_guard lock(mutex_);
    if (now - turned_ >= kForgetAfter || recent_.size() >= kRecentMax) {
        before_ = std::exchange(recent_, {});
        turned_ = now;
    }
    auto found = recent_.find(network);
    if (found == recent_.end()) {
        TokenBucket bucket(settings_.connects_per_s, now);
        if (const auto known = before_.find(network); known != before_.end()) {
            bucket = known->second;
            before_.erase(known);
        }
        found = recent_.emplace(network, bucket).first;
    }
    return !found->second.try_take(now);
}

} // namespace holdfast::gateway
