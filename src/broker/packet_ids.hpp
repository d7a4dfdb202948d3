#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace holdfast::broker {

// Packet ids 1 .. 65535 under way to one subscriber, given out in turn. Takes memory for the
// stretches of ids that are under way.
class PacketIds {
public:
    static constexpr std::uint32_t kMax = 65'535;

    [[nodiscard]] std::uint32_t used() const noexcept { return used_; }
    [[nodiscard]] bool has(std::uint16_t id) const noexcept {
        const auto& page = pages_[id / kPageIds];
        return page && page->ids[id % kPageIds];
    }
    // Not when all are used: asserted.
    [[nodiscard]] std::uint16_t take();
    // `id` is under way since before the server started.
    void mark(std::uint16_t id);
    // False where `id` is not under way.
    [[nodiscard]] bool give_back(std::uint16_t id) noexcept;

private:
    static constexpr std::size_t kPageIds = 2048;
    struct Page {
        std::bitset<kPageIds> ids;
        std::uint32_t used = 0;
    };
    std::array<std::unique_ptr<Page>, (kMax + 1) / kPageIds> pages_;
    std::uint32_t used_ = 0;
    std::uint16_t last_ = 0;
};

} // namespace holdfast::broker
