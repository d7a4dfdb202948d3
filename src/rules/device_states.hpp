#pragma once

#include "rules/device_clock.hpp"
#include "rules/state_pages.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/sql/aggregate.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::rules {

// The devices that one rule has met in one partition: their clocks and open windows, and which of
// them is due by arrival time alone. One thread.
//
// Bounded: groups_max open (window, device) groups and as many devices; where there is no room for
// one more, those that have nothing open and were silent longest are forgotten. All of it depends
// on records and their order alone.
class DeviceStates {
public:
    struct Group {
        std::vector<sql::AggregateState> aggregates;
        std::uint8_t hops = 0; // most rules that any of its records came through
    };
    struct State {
        DeviceClock clock;
        std::map<std::int64_t, Group> windows; // open, by their start
        PageSlot slot;
        std::optional<std::int64_t> until_us{}; // the watermark that it waits for
        std::int64_t due_us = 0;                // under which it stands in due_ while it waits
    };
    using Device = std::map<std::string, State, std::less<>>::value_type;

    DeviceStates(std::size_t aggregates, std::size_t groups_max, std::int64_t jitter_us)
        : aggregates_(aggregates), groups_max_(groups_max), jitter_us_(jitter_us) {}

    void arrive(std::int64_t arrival_us, bool is_tick) noexcept {
        arrival_.observe(arrival_us, is_tick);
    }
    [[nodiscard]] std::int64_t latest_arrival_us() const noexcept { return arrival_.latest_us(); }
    [[nodiscard]] std::int64_t now_us() const noexcept { return arrival_.now_us(); }

    // Null where there is no room.
    [[nodiscard]] Device* find_or_make(std::string_view name);
    [[nodiscard]] Device* find(std::string_view name);
    // DeviceClock::observe().
    [[nodiscard]] bool observe(Device& device, std::int64_t ts_us);
    // The group to add to; null where groups_max are open.
    [[nodiscard]] Group* group(Device& device, std::int64_t start_us);
    // Takes out the window that starts first.
    [[nodiscard]] Group take_first(Device& device);
    // What the device waits for: the watermark at which something of it is over; empty: nothing.
    // Call it when that has changed.
    void schedule(Device& device, std::optional<std::int64_t> until_us);
    // Devices that arrival time has made due, first due first, their watermarks moved on. Each must
    // be scheduled again.
    [[nodiscard]] std::vector<Device*> take_due();
    // No record that arrives before makes any device due; empty: none ever will.
    [[nodiscard]] std::optional<std::int64_t> next_due_arrival_us() const;
    // Devices with open windows, by window and name.
    [[nodiscard]] std::vector<std::pair<std::int64_t, Device*>> open_windows();

    // docs/format/rule_state.md
    void encode_head(ByteWriter& out) const;
    [[nodiscard]] Result<void> decode_head(ByteReader& in);
    void encode_page(std::uint32_t page, ByteWriter& out) const;
    [[nodiscard]] Result<void> decode_page(std::uint32_t page, ByteReader& in);
    [[nodiscard]] bool page_is_empty(std::uint32_t page) const {
        return pages_.entries(page).empty();
    }
    [[nodiscard]] std::set<std::uint32_t> take_changed_pages() { return pages_.take_changed(); }
    template <class Visit>
    void for_each(Visit visit) {
        for (Device& device : devices_) visit(device);
    }

private:
    [[nodiscard]] bool make_room();
    void unschedule(Device& device);

    const std::size_t aggregates_;
    const std::size_t groups_max_;
    const std::int64_t jitter_us_; // WATERMARK
    ArrivalClock arrival_;
    std::map<std::string, State, std::less<>> devices_;
    std::size_t group_count_ = 0;
    StatePages<Device> pages_;
    // Exactly the devices that wait for something, at the arrival time when it is over or before:
    // time is set right when it comes up, not with every record.
    std::set<std::pair<std::int64_t, std::string_view>> due_;
};

} // namespace holdfast::rules
