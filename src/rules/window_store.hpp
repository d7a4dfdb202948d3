#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/sql/aggregate.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::rules {

// The open tumbling windows of one rule in one partition: (window start, device) -> aggregates.
class WindowStore {
public:
    struct Group {
        std::vector<sql::AggregateState> aggregates;
        std::uint8_t hops = 0; // most rules that any of its records came through
    };
    using Groups = std::map<std::string, Group, std::less<>>; // by device: the order of emission

    WindowStore(std::size_t aggregates, std::size_t groups_max)
        : aggregates_(aggregates), groups_max_(groups_max) {}

    // The group to add to; null where groups_max are open.
    [[nodiscard]] Group* group(std::int64_t start_us, std::string_view device);
    [[nodiscard]] bool empty() const noexcept { return windows_.empty(); }
    [[nodiscard]] std::int64_t first_start_us() const { return windows_.begin()->first; }
    // Takes out the window that starts first.
    [[nodiscard]] Groups take_first();

    void encode(ByteWriter& out) const;
    [[nodiscard]] Result<void> decode(ByteReader& in);

private:
    std::size_t aggregates_;
    std::size_t groups_max_;
    std::size_t group_count_ = 0;
    std::map<std::int64_t, Groups> windows_;
};

} // namespace holdfast::rules
