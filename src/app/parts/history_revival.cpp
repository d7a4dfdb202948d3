#include "app/parts/history_revival.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/column/json_text.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace holdfast::app {
namespace {

constexpr std::string_view kAlarm = "history_stopped";
constexpr std::string_view kAlarmKey = "history";
constexpr std::int64_t kFirstPauseMs = 1'000;
constexpr std::int64_t kLongestPauseMs = 60'000;

} // namespace

HistoryRevival::HistoryRevival(Ground& ground, history::Store& store)
    : ground_(ground),
      store_(store),
      reopened_(ground.metrics.counter("holdfast_history_reopened",
                                       "Times that history's database was opened anew after a "
                                       "write to it had failed")) {
    ground.metrics.gauge("holdfast_history_stopped",
                         "1 while history takes nothing because a write failed",
                         [this] { return is_stopped_ ? 1.0 : 0.0; });
}

void HistoryRevival::look() {
    const auto why = store_.stopped();
    if (why) return try_again(*why);
    if (is_told_ && !is_stopped_) return;
    is_stopped_ = false;
    is_told_ = true;
    ground_.alarms.clear(kAlarm, kAlarmKey); // also one of an earlier run
}

void HistoryRevival::try_again(const Error& why) {
    const std::int64_t now_ms = ground_.clock.monotonic_ms();
    if (!is_stopped_) {
        is_stopped_ = true;
        pause_ms_ = kFirstPauseMs;
        due_ms_ = now_ms;
        std::string details = R"({"error":)";
        column::append_json_string(details, why.context);
        ground_.alarms.raise(kAlarm, kAlarmKey, alarms::Severity::critical, details + "}");
        log_error("history", "takes nothing until its database is opened anew: {}", why.context);
    }
    if (now_ms < due_ms_) return;
    if (const auto reopened = store_.reopen(); !reopened) {
        log_warn("history", "is not opened anew: {}; the next try is in {} ms",
                 reopened.error().context, pause_ms_);
        due_ms_ = now_ms + pause_ms_;
        pause_ms_ = std::min(pause_ms_ * 2, kLongestPauseMs);
        return;
    }
    reopened_.add();
    log_info("history", "was opened anew; what it had in memory is read from the log again");
    look();
}

} // namespace holdfast::app
