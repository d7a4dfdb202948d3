#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/log/append.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::alarms {

// That an operator has seen an occurrence of an alarm. It is kept beside the alarm's own state:
// rules and models write that without asking, and would take it back; a later occurrence has
// another id, so that it counts as not acknowledged.
struct Acknowledgement {
    std::string alarm; // alarm_id()
    std::string occurrence;
    OperatorNote note;

    friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};

inline constexpr std::size_t kCommentBytesMax = 1'000;

// What goes into kAcknowledgementsKeyspace (docs/format/alarm_state.md); it replaces the one
// before.
[[nodiscard]] log::StateChange state_change(const Acknowledgement& acknowledgement);
// Of the alarm that is the key. Errors: corrupt, also for another version: it is no more than a
// remark, and stops nothing.
[[nodiscard]] Result<Acknowledgement> decode_acknowledgement(std::string_view alarm,
                                                             std::string_view value);

} // namespace holdfast::alarms
