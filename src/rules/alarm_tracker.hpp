#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::rules {

// RAISE and CLEAR with FOR, per key, for one rule in one partition. Time is event time: a
// condition has held FOR a while once a row, or the watermark, is that far past the row where it
// began to hold, with no row in between where it did not.
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
        std::string_view severity;
        std::string_view details_json;
        std::int64_t ts_us = 0;
        bool raise = false;
        bool clear = false;
    };
    // False where keys_max are tracked already and the row's condition was lost.
    [[nodiscard]] bool step(const Row& row, std::vector<alarms::Alarm>& changes);
    void advance(std::int64_t watermark_us, std::vector<alarms::Alarm>& changes);

    void encode(ByteWriter& out) const;
    [[nodiscard]] Result<void> decode(ByteReader& in);

private:
    // Keys that are neither raised nor about to be are not kept.
    struct Key {
        bool is_raised = false;
        bool is_pending = false;   // the condition that would change it holds
        std::int64_t since_us = 0; // from when on
        std::int64_t raised_us = 0;
        std::string device, severity, details_json;
    };
    [[nodiscard]] std::int64_t wait_us(const Key& key) const noexcept {
        return key.is_raised ? clear_for_us_ : raise_for_us_;
    }
    void change(const std::string& name, Key& key, std::int64_t at_us,
                std::vector<alarms::Alarm>& changes);
    void forget_deadline(const std::string& name, const Key& key);

    const std::string source_, name_;
    const std::int64_t raise_for_us_, clear_for_us_;
    const std::size_t keys_max_;
    std::map<std::string, Key, std::less<>> keys_;
    std::set<std::pair<std::int64_t, std::string>> deadlines_; // of pending keys
};

} // namespace holdfast::rules
