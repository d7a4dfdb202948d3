#include "broker/session.hpp"

#include <cassert>

namespace holdfast::broker {

std::uint16_t PacketIds::take() noexcept {
    assert(used_ < kMax);
    do {
        last_ = static_cast<std::uint16_t>(last_ == kMax ? 1 : last_ + 1);
    } while (under_way_[last_]);
    under_way_[last_] = true;
    ++used_;
    return last_;
}

void PacketIds::mark(std::uint16_t id) noexcept {
    if (under_way_[id]) return;
    under_way_[id] = true;
    ++used_;
}

bool PacketIds::give_back(std::uint16_t id) noexcept {
    if (!under_way_[id]) return false;
    under_way_[id] = false;
    --used_;
    return true;
}

} // namespace holdfast::broker
