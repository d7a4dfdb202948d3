#include "app/audit_log.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/publisher.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::app {
namespace {

constexpr const char* kRecords = "holdfast_audit_records";
constexpr const char* kHelp = "Events for the audit, by what became of them.";
constexpr std::string_view kClient = "server"; // whose messages they are

void add_text(std::string& out, std::string_view name, std::string_view text) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":\"", name);
    const bool is_valid = is_utf8(text);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (byte < 0x20 || byte == 0x7F)
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        else
            out += byte >= 0x80 && !is_valid ? '?' : c;
    }
    out += '"';
}

} // namespace

std::string to_json(const access::AuditEvent& event, std::int64_t now_ms) {
    std::string out = fmt::format("{{\"ts\":{}", now_ms);
    add_text(out, "actor", event.actor);
    add_text(out, "address", event.address);
    add_text(out, "action", event.action);
    add_text(out, "resource", event.resource);
    add_text(out, "outcome", access::to_string(event.outcome));
    add_text(out, "detail", event.detail);
    out += '}';
    return out;
}

AuditLog::AuditLog(const Clock& clock, Metrics& metrics)
    : clock_(clock),
      stored_(metrics.counter(kRecords, kHelp, "outcome=\"stored\"")),
      failed_(metrics.counter(kRecords, kHelp, "outcome=\"failed\"")),
      left_out_(metrics.counter(kRecords, kHelp, "outcome=\"left_out\"")) {}

void AuditLog::note(access::AuditEvent event) {
    const std::lock_guard lock(mutex_);
    end_window_locked();
    if (event.outcome != access::AuditOutcome::done && !bound_.take(event.address))
        return left_out_.add();
    append(event);
}

void AuditLog::open(broker::Publisher& publisher) {
    const std::lock_guard lock(mutex_);
    publisher_ = &publisher;
}

void AuditLog::close() {
    const std::lock_guard lock(mutex_);
    publisher_ = nullptr;
}

void AuditLog::end_window() {
    const std::lock_guard lock(mutex_);
    end_window_locked();
}

void AuditLog::end_window_locked() {
    const std::uint64_t left_out = bound_.end_window(clock_.monotonic_ms());
    if (left_out == 0) return;
    append({"", "", "leave out", "", access::AuditOutcome::done,
            fmt::format("{} that were refused or failed were not recorded: too many", left_out)});
}

void AuditLog::append(const access::AuditEvent& event) {
    const std::int64_t now_ms = clock_.now_ms();
    broker::OutMessage message;
    message.stream = access::kAuditStream;
    message.device = event.actor;
    message.client_id = kClient;
    message.content_type = "application/json";
    message.event_ms = now_ms;
    message.payload = to_json(event, now_ms);
    const auto lose = [&failed = failed_](std::string_view payload, std::string_view why) {
        failed.add();
        log_error("audit", "not recorded, as {}: {}", why, payload);
    };
    if (publisher_ == nullptr) return lose(message.payload, "the server starts or stops");
    broker::PublishBatch batch;
    batch.messages.push_back(message);
    publisher_->publish(std::move(batch), [&stored = stored_, lose, payload = message.payload](
                                              const Result<std::vector<broker::Placed>>& placed) {
        if (placed) return stored.add();
        lose(payload, placed.error().context);
    });
}

} // namespace holdfast::app
