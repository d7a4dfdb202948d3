#include "app/parts/audit_part.hpp"

#include <chrono>

namespace holdfast::app {
namespace {

constexpr std::int64_t kRetentionMs = 400LL * 86'400'000; // a year, and the month to look at it

} // namespace

Result<void> AuditPart::start() {
    HF_TRY(make_stream());
    ground_.audit.open(broker_.broker());
    ground_.housekeeping.add("audit", std::chrono::seconds(60), [this]() -> Result<void> {
        ground_.audit.end_window();
        return ok();
    });
    return ok();
}

// The configuration may set how long it is kept, but not that it is shown among others.
Result<void> AuditPart::make_stream() {
    log::StreamSettings settings;
    const auto known = log_.log().find_stream(access::kAuditStream);
    if (known) {
        if (known->settings.internal) return ok();
        settings = known->settings;
        settings.internal = true;
        HF_TRY(log_.log().alter_stream(settings));
        return ok();
    }
    settings.name = access::kAuditStream;
    settings.partitions = 1; // one order
    settings.retention_ms = kRetentionMs;
    settings.internal = true;
    HF_TRY(log_.log().create_stream(settings));
    return ok();
}

} // namespace holdfast::app
