#include <holdfast/gateway/http/request_watch.hpp>

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kPathBytesMax = 256; // whoever is refused chooses it
constexpr const char* kRefused = "holdfast_http_not_let_in";
constexpr const char* kRefusedHelp = "HTTP requests that were not let in, by reason.";

std::string shortened(std::string_view text) {
    return std::string(text.substr(0, kPathBytesMax));
}

// What a POST made stands in its answer: a name, or an id.
std::string made_by(const HttpResponse& response) {
    if (response.status != 201) return {};
    boost::system::error_code error;
    const auto body = boost::json::parse(response.body, error);
    if (error || !body.is_object()) return {};
    for (const char* name : {"name", "id"})
        if (const auto* value = body.as_object().if_contains(name))
            if (value->is_string()) return "/" + std::string(std::string_view(value->as_string()));
    return {};
}

} // namespace

std::string_view to_string(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::unrecognised: return "unrecognised";
        case Refusal::wrong_secret: return "wrong_secret";
        case Refusal::locked_out: return "locked_out";
        case Refusal::denied: return "denied";
        case Refusal::foreign: return "foreign";
    }
    return "unknown";
}

bool is_audited_change(const HttpRequest& request, const Right& right) noexcept {
    if (request.method == "GET" || request.method == "HEAD") return false;
    using access::Action;
    // Of what everybody may do who is signed in, all but reading changes tokens and passwords.
    if (right.kind() == Right::Kind::signed_in) return true;
    return right.kind() != Right::Kind::open &&
           (right.action() == Action::manage || right.action() == Action::administer);
}

RequestWatch::RequestWatch(const Clock& clock, Metrics& metrics, access::AuditSink* audit)
    : clock_(clock),
      audit_(audit),
      unrecognised_(metrics.counter(kRefused, kRefusedHelp, "reason=\"unrecognised\"")),
      wrong_secret_(metrics.counter(kRefused, kRefusedHelp, "reason=\"wrong_secret\"")),
      locked_out_(metrics.counter(kRefused, kRefusedHelp, "reason=\"locked_out\"")),
      denied_(metrics.counter(kRefused, kRefusedHelp, "reason=\"denied\"")),
      foreign_(metrics.counter(kRefused, kRefusedHelp, "reason=\"foreign\"")) {}

void RequestWatch::refused(const SeenRequest& request, Refusal reason, std::string_view why) {
    switch (reason) {
        case Refusal::unrecognised: unrecognised_.add(); break;
        case Refusal::wrong_secret: wrong_secret_.add(); break;
        case Refusal::locked_out: locked_out_.add(); break;
        case Refusal::denied: denied_.add(); break;
        case Refusal::foreign: foreign_.add(); break;
    }
    if (may_log())
        log_info("http", "user '{}' from {}: {} ({}) refused: {}", request.user, request.address,
                 request.route, shortened(request.path), why);
    if (audit_ == nullptr) return;
    if (reason == Refusal::wrong_secret || reason == Refusal::locked_out)
        audit_->note({request.user, request.address, "login", "", access::AuditOutcome::refused,
                      std::string(why)});
    else if (request.is_change)
        audit_->note({request.user, request.address, request.route, shortened(request.path),
                      access::AuditOutcome::refused, std::string(why)});
}

void RequestWatch::answered(const SeenRequest& request, const HttpResponse& response) {
    if (audit_ == nullptr) return;
    const bool is_done = response.status < 400;
    const bool is_refused =
        response.status == 401 || response.status == 403 || response.status == 429;
    const std::string detail = is_done ? response.note : detail_of(response);
    audit_->note({request.user, request.address, request.route,
                  shortened(request.path) + made_by(response),
                  is_done      ? access::AuditOutcome::done
                  : is_refused ? access::AuditOutcome::refused
                               : access::AuditOutcome::failed,
                  fmt::format("{}{}{}", response.status, detail.empty() ? "" : ": ", detail)});
}

bool RequestWatch::may_log() {
    const std::lock_guard lock(mutex_);
    const auto taken = log_allowance_.take(clock_.monotonic_ms());
    if (taken.left_out != 0) log_info("http", "{} more refusals were not logged", taken.left_out);
    return taken.may_log;
}

} // namespace holdfast::gateway
