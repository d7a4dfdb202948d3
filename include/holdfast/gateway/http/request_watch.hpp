#pragma once

#include <holdfast/access/audit_event.hpp>
#include <holdfast/access/principal.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/log_allowance.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/http/right.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// Why a request was not let in.
enum class Refusal : std::uint8_t {
    unrecognised, // it does not say who sends it, or by a cookie that is over
    wrong_secret, // a password or token that is none
    locked_out,   // too many failures, or too many passwords are being checked
    denied,       // a right is missing
    foreign,      // its Host or Origin is not one of ours (check_origin())
};
[[nodiscard]] std::string_view to_string(Refusal refusal) noexcept;

// A request as it is told of. `user` is proven, or only claimed where it was refused.
struct SeenRequest {
    std::string user;
    std::string address;
    std::string route; // "PATCH /api/v1/users/{name}"
    std::string path;  // as sent
    bool is_change = false;
};
// Whether what the route does is for the audit: changes of how the site works, not of its data.
[[nodiscard]] bool is_audited_change(const HttpRequest& request, const Right& right) noexcept;

// Tells of requests beside their answers: of refusals a log line (ten in ten seconds, the rest are
// counted) and a counter by reason, of refusals and changes an event for the audit. One for all
// listeners; thread-safe. Clock, metrics and sink outlive it.
class RequestWatch {
public:
    // `audit` may be null.
    RequestWatch(const Clock& clock, Metrics& metrics, access::AuditSink* audit);

    void refused(const SeenRequest& request, Refusal reason, std::string_view why);
    // Of an audited change that was let in: what came of it.
    void answered(const SeenRequest& request, const HttpResponse& response);

private:
    [[nodiscard]] bool may_log();

    const Clock& clock_;
    access::AuditSink* const audit_;
    Counter& unrecognised_;
    Counter& wrong_secret_;
    Counter& locked_out_;
    Counter& denied_;
    Counter& foreign_;
    std::mutex mutex_;
    LogAllowance log_allowance_; // guarded by mutex_
};

} // namespace holdfast::gateway
