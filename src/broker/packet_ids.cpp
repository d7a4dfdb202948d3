#include "broker/packet_ids.hpp"

#include <cassert>

namespace holdfast::broker {

std::uint16_t PacketIds::take() {
    assert(used_ < kMax);
    do {
        last_ = static_cast<std::uint16_t>(last_ == kMax ? 1 : last_ + 1);
    } while (has(last_));
    mark(last_);
    return last_;
}

void PacketIds::mark(std::uint16_t id) {
    auto& page = pages_[id / kPageIds];
    if (!page) page = std::make_unique<Page>();
    if (page->ids[id % kPageIds]) return;
    page->ids[id % kPageIds] = true;
    ++page->used;
    ++used_;
}

bool PacketIds::give_back(std::uint16_t id) noexcept {
    if (!has(id)) return false;
    auto& page = pages_[id / kPageIds];
    page->ids[id % kPageIds] = false;
    --used_;
    // The page that ids are taken from stays: one message at a time must not make and free it.
    if (--page->used == 0 && last_ / kPageIds != id / kPageIds) page.reset();
    return true;
}

} // namespace holdfast::broker
