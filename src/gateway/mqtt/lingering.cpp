#include "gateway/mqtt/lingering.hpp"

#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kChannelsMax = 1024;
constexpr std::uint64_t kTicks = 2;

} // namespace

Lingering::~Lingering() {
    for (const Closed& closed : closed_) memory_.give_back(closed.accounted_bytes);
}

void Lingering::add(Channel channel) {
    const std::size_t bytes = channel.held_bytes() + channel.layer_bytes();
    if (!channel.has_unsent()) channel.end_output();
    if (closed_.size() >= kChannelsMax || !memory_.try_take(bytes)) return;
    closed_.push_back({std::move(channel), bytes, ticks_ + kTicks});
}

void Lingering::tick() {
    ++ticks_;
    for (Closed& closed : closed_)
        if (closed.channel.has_unsent()) flush(closed.channel);
}

std::size_t Lingering::end_late(std::size_t most) {
    std::size_t ended = 0;
    for (; ended < most && !closed_.empty() && closed_.front().last_tick <= ticks_; ++ended) {
        memory_.give_back(closed_.front().accounted_bytes);
        closed_.pop_front();
    }
    return ended;
}

void Lingering::flush(Channel& channel) {
    while (channel.flush()) {
        if (channel.has_unsent()) continue;
        channel.end_output();
        return;
    }
}

} // namespace holdfast::gateway
