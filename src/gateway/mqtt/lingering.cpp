#include "gateway/mqtt/lingering.hpp"

#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kChannelsMax = 1024;
constexpr int kTicks = 2;

} // namespace

Lingering::~Lingering() {
    for (const Closed& closed : closed_) memory_.give_back(closed.accounted_bytes);
}

void Lingering::add(Channel channel) {
    const std::size_t bytes = channel.held_bytes() + channel.layer_bytes();
    if (!channel.has_unsent()) channel.end_output();
    if (closed_.size() >= kChannelsMax || !memory_.try_take(bytes)) return;
    closed_.push_back({std::move(channel), bytes, kTicks});
}

void Lingering::tick() {
    for (Closed& closed : closed_) {
        --closed.ticks_left;
        if (closed.channel.has_unsent()) flush(closed.channel);
    }
    std::erase_if(closed_, [this](const Closed& closed) {
        if (closed.ticks_left > 0) return false;
        memory_.give_back(closed.accounted_bytes);
        return true;
    });
}

void Lingering::flush(Channel& channel) {
    while (channel.flush()) {
        if (channel.has_unsent()) continue;
        channel.end_output();
        return;
    }
}

} // namespace holdfast::gateway
