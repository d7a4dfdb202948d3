#pragma once

#include <holdfast/broker/broker.hpp>

#include <algorithm>
#include <cstddef>

namespace holdfast::broker {

// What one shard's subscribers may make the server keep for them, as a part of the one account.
// Each shard has its share: who is slow on one never takes from those on another.
//
// How much a session may still take depends on what it has and on what is free: less and less as
// the budget fills, so that n greedy sessions settle at an equal part each and leave one such part
// free for whoever comes (dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on
// Networking 6(2), 1998, with alpha = 1). One thread.
class DeliveryBudget {
public:
    explicit DeliveryBudget(Broker& broker) : broker_(broker) {}

    // What a session that holds `held_bytes` may hold beyond them. Twice may be asked for the same:
    // nothing is taken.
    [[nodiscard]] std::size_t room(std::size_t held_bytes) const noexcept {
        const std::size_t free = std::min(less(limit(), used_), broker_.memory().free_bytes());
        return less(free, held_bytes) / 2;
    }
    void take(std::size_t bytes) noexcept {
        used_ += bytes;
        broker_.memory().take(bytes);
    }
    void give_back(std::size_t bytes) noexcept {
        used_ -= bytes;
        broker_.memory().give_back(bytes);
    }

private:
    [[nodiscard]] static std::size_t less(std::size_t from, std::size_t what) noexcept {
        return from > what ? from - what : 0;
    }
    [[nodiscard]] std::size_t limit() const noexcept {
        return broker_.memory().limit_bytes() * 3 / 8 /
               std::max<std::size_t>(1, broker_.port_count());
    }

    Broker& broker_;
    std::size_t used_ = 0;
};

} // namespace holdfast::broker
