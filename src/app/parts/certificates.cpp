#include "app/parts/certificates.hpp"

#include "app/settings_of_config.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <set>
#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

constexpr double kDayMs = 86'400'000;
constexpr double kWarnDays = 30;
constexpr double kUrgentDays = 7;
constexpr std::string_view kAlarm = "certificate";

double days_left(const gateway::TlsCredentials& credentials, std::int64_t now_ms) {
    return static_cast<double>(credentials.current()->expires_ms() - now_ms) / kDayMs;
}

} // namespace

Result<const gateway::TlsCredentials*> Certificates::add(const config::Listener& listener,
                                                         const std::string& name) {
    if (!listener.tls) return nullptr;
    gateway::TlsSettings settings = tls_settings(*listener.tls);
    // Watched from before they are read: a change in between is read again.
    FileWatch files({settings.certificate, settings.key, settings.client_ca});
    HF_TRY(auto loaded, gateway::TlsCredentials::load(std::move(settings), ground_.clock.now_ms()));
    const std::shared_ptr<gateway::TlsCredentials> credentials = std::move(loaded);
    ground_.metrics.gauge(
        "holdfast_certificate_days_left", "Days until a listener's certificate expires.",
        [credentials, &clock = ground_.clock] { return days_left(*credentials, clock.now_ms()); },
        fmt::format("listener=\"{}\"", name));
    entries_.push_back({name, credentials, std::move(files)});
    return credentials.get();
}

void Certificates::watch() {
    if (entries_.empty()) return;
    ground_.housekeeping.add("certificates", std::chrono::seconds(1), [this]() -> Result<void> {
        for (Entry& entry : entries_)
            if (entry.files.has_changed()) reload(entry);
        return ok();
    });
    ground_.housekeeping.add("days left of certificates", std::chrono::hours(24),
                             [this]() -> Result<void> {
                                 tell_days_left();
                                 return ok();
                             });
}

void Certificates::reload() {
    for (const Entry& entry : entries_) reload(entry);
}

void Certificates::reload(const Entry& entry) const {
    const std::int64_t now_ms = ground_.clock.now_ms();
    if (const auto done = entry.credentials->reload(now_ms); !done) {
        log_error("tls", "the certificate of {} stays as it was: {}", entry.name,
                  done.error().context);
        ground_.audit.note({"", "", "reload certificate", entry.name, access::AuditOutcome::failed,
                            done.error().context});
        return;
    }
    const double days = days_left(*entry.credentials, now_ms);
    log_info("tls", "the certificate of {} was read again: {:.0f} days left", entry.name, days);
    raise_or_clear(entry, days);
    ground_.audit.note({"", "", "reload certificate", entry.name, access::AuditOutcome::done, ""});
}

void Certificates::tell_days_left() const {
    for (const Entry& entry : entries_) {
        const double days = days_left(*entry.credentials, ground_.clock.now_ms());
        if (days < kWarnDays)
            log_warn("tls", "{}: the certificate of {} expires in {:.0f} days", entry.file(),
                     entry.name, days);
        raise_or_clear(entry, days);
    }
}

// One for each file, however many listeners use it.
void Certificates::raise_or_clear(const Entry& entry, double days) const {
    if (days >= kWarnDays) return ground_.alarms.clear(kAlarm, entry.file());
    std::string details = R"({"certificate":)";
    column::append_json_string(details, entry.file());
    details += fmt::format(R"(,"days_left":{:.0f}}})", days);
    ground_.alarms.raise(kAlarm, entry.file(),
                         days < kUrgentDays ? alarms::Severity::critical : alarms::Severity::major,
                         std::move(details));
}

void clear_unused_certificate_alarms(Ground& ground) {
    std::set<std::string> used;
    const config::Listeners& listeners = ground.config.listeners;
    for (const auto* list : {&listeners.mqtt, &listeners.http})
        for (const config::Listener& listener : *list)
            if (listener.tls) used.insert(tls_settings(*listener.tls).certificate.string());
    ground.alarms.keep_only(kAlarm, used);
}

} // namespace holdfast::app
