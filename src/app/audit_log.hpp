#pragma once

#include "app/audit_bound.hpp"

#include <holdfast/access/audit_event.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace holdfast::broker {
class Publisher;
}

namespace holdfast::app {

// One record of the audit (docs/format/audit.md), as JSON. What is not UTF-8 is shown as `?`.
[[nodiscard]] std::string to_json(const access::AuditEvent& event, std::int64_t now_ms);

// Appends what happens to the stream `audit`, while it is open. Nothing is undone where an append
// fails: an error line and a counter tell. Thread-safe; clock and metrics outlive it.
class AuditLog final : public access::AuditSink {
public:
    AuditLog(const Clock& clock, Metrics& metrics);

    void note(access::AuditEvent event) override;

    // `publisher` outlives close(), after which nothing is appended.
    void open(broker::Publisher& publisher);
    void close();
    // From time to time: tells of what was left out, also when nothing follows.
    void end_window();

private:
    void end_window_locked();
    void append(const access::AuditEvent& event);

    const Clock& clock_;
    Counter& stored_;
    Counter& failed_;
    Counter& left_out_;
    std::mutex mutex_;
    broker::Publisher* publisher_ = nullptr; // guarded by mutex_
    AuditBound bound_;                       // guarded by mutex_
};

} // namespace holdfast::app
