#pragma once

#include "rules/state_pages.hpp"

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/bytes.hpp>

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

// RAISE and CLEAR with FOR, per key, for one rule in one partition. Time is event time: a
// condition has held FOR a while once a row, or the watermark of the row's device, is that far past
// the row where it began to hold, with no row in between where it did not.
class AlarmTracker {
public:
    AlarmTracker(std::string source, std::string name, std::int64_t raise_for_us,
                 std::int64_t clear_for_us, std::size_t keys_max)
        : source_(std::move(source)),
          name_(std::move(name)),
          raise_for_us_(raise_for_us),
          clear_for_us_(clear_for_us),
          keys_max_(keys_max) {}

    struct Row {
        std::string_view key;
        std::string_view device;
        std::string_view details_json;
        alarms::Severity severity = alarms::Severity::minor;
        std::int64_t ts_us = 0;
        bool raise = false;
        bool clear = false;
    };
    // False where keys_max are tracked already and the row's condition was lost.
    [[nodiscard]] bool step(const Row& row, std::vector<alarms::Alarm>& changes);
    // The watermark of `device` has come so far.
    void advance(std::string_view device, std::int64_t watermark_us,
                 std::vector<alarms::Alarm>& changes);
    // The clock of `device` was set back: conditions that began to hold in its wrong time begin
    // anew.
    void forget_pending(std::string_view device);

    // Whether time alone can change an alarm.
    [[nodiscard]] bool waits() const noexcept { return raise_for_us_ > 0 || clear_for_us_ > 0; }
    // The watermark of `device` that will change one.
    [[nodiscard]] std::optional<std::int64_t> next_deadline_us(std::string_view device) const;
    // Devices that no longer decide about a key because another one's row spoke of it, since last
    // asked.
    [[nodiscard]] std::set<std::string> take_relieved() { return std::exchange(relieved_, {}); }

    // docs/format/rule_state.md
    void encode_head(ByteWriter& out) const;
    [[nodiscard]] Result<void> decode_head(ByteReader& in);
    void encode_page(std::uint32_t page, ByteWriter& out) const;
    [[nodiscard]] Result<void> decode_page(std::uint32_t page, ByteReader& in);
    [[nodiscard]] bool page_is_empty(std::uint32_t page) const {
        return pages_.entries(page).empty();
    }
    [[nodiscard]] std::set<std::uint32_t> take_changed_pages() { return pages_.take_changed(); }

private:
    // Keys that are neither raised nor about to be are not kept.
    struct State {
        bool is_raised = false;
        bool is_pending = false;   // the condition that would change it holds
        std::int64_t since_us = 0; // from when on
        std::int64_t raised_us = 0;
        alarms::Severity severity = alarms::Severity::minor;
        std::string device, occurrence, details_json;
        PageSlot slot;
    };
    using Keys = std::map<std::string, State, std::less<>>;
    using Key = Keys::value_type;

    [[nodiscard]] std::int64_t wait_us(const State& state) const noexcept {
        return state.is_raised ? clear_for_us_ : raise_for_us_;
    }
    void change(Key& key, std::int64_t at_us, std::vector<alarms::Alarm>& changes);
    void add_deadline(const Key& key);
    void forget_deadline(const Key& key);
    void drop_if_idle(Keys::iterator key);

    const std::string source_, name_;
    const std::int64_t raise_for_us_, clear_for_us_;
    const std::size_t keys_max_;
    std::uint64_t raises_ = 0; // ever, in this partition
    Keys keys_;
    StatePages<Key> pages_;
    // Of pending keys, by device.
    std::map<std::string, std::set<std::pair<std::int64_t, std::string>>, std::less<>> deadlines_;
    std::set<std::string> relieved_;
};

} // namespace holdfast::rules
