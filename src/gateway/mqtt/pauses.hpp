#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

namespace holdfast::gateway {

// Which slots are not read for a while, and the timer that ends it. One thread.
class Pauses {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Table = std::multimap<Time, std::uint32_t>; // by when it is over
    using Entry = Table::iterator;

    // `over` is called from the io_context with each slot whose pause is over and gone from here.
    Pauses(boost::asio::io_context& io, std::function<void(std::uint32_t slot)> over)
        : timer_(io), over_(std::move(over)) {}

    [[nodiscard]] Entry add(std::uint32_t slot, Time until);
    void remove(Entry entry) { table_.erase(entry); }
    [[nodiscard]] Table::const_iterator begin() const noexcept { return table_.begin(); }
    [[nodiscard]] Table::const_iterator end() const noexcept { return table_.end(); }

private:
    void wait();
    void end_due();

    boost::asio::steady_timer timer_;
    const std::function<void(std::uint32_t slot)> over_;
    Table table_;
};

} // namespace holdfast::gateway
