#pragma once

#include <holdfast/broker/broker.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

namespace holdfast::broker {

// What one shard has read from the disk while it goes on: a few at a time, so that what was read
// and waits for the shard stays small however many sessions ask. Belongs to the shard's thread.
class DiskReads {
public:
    static constexpr std::size_t kAtATime = 4;

    DiskReads(Broker& broker, std::uint16_t shard) : broker_(broker), shard_(shard) {}

    using Answer = std::function<void()>;
    // Calls `read` on a thread of the broker's ReadPool, then what it gave as a task of the shard.
    // First asked, first begun.
    void run(std::function<Answer()> read);

private:
    void begin(std::function<Answer()> read);
    void finish(const Answer& answer);

    Broker& broker_;
    const std::uint16_t shard_;
    std::size_t under_way_ = 0;
    std::deque<std::function<Answer()>> waiting_; // each session has at most a few
};

} // namespace holdfast::broker
