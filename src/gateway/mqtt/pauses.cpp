#include "gateway/mqtt/pauses.hpp"

namespace holdfast::gateway {

Pauses::Entry Pauses::add(std::uint32_t slot, Time until) {
    const Entry entry = table_.emplace(until, slot);
    if (entry == table_.begin()) wait();
    return entry;
}

// For the first; a wait for another ends as cancelled. Where the first was removed meanwhile the
// timer comes for nothing.
void Pauses::wait() {
    timer_.expires_at(table_.begin()->first);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) end_due();
    });
}

void Pauses::end_due() {
    const auto now = std::chrono::steady_clock::now();
    while (!table_.empty() && table_.begin()->first <= now) {
        const std::uint32_t slot = table_.begin()->second;
        table_.erase(table_.begin());
        over_(slot);
    }
    if (!table_.empty()) wait();
}

} // namespace holdfast::gateway
