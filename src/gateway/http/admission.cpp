#include <gateway/http/admission.hpp>

#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/identity/authenticator.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <string>
#include <utility>
#include <variant>

namespace holdfast::gateway {
namespace {

namespace net = boost::asio;

constexpr auto as_values = net::as_tuple(net::use_awaitable);

std::string address_of(const net::ip::tcp::socket& socket) {
    boost::system::error_code gone;
    const auto peer = socket.remote_endpoint(gone);
    return gone ? std::string() : peer.address().to_string();
}

// What somebody sends who is not known yet: a name and a password at most.
std::optional<HttpResponse> too_much_of_nobody(const HttpRequest& request) {
    constexpr std::size_t kBodyBytesMax = 8'192;
    if (request.header("transfer-encoding"))
        return problem(413, "the length of the body must be said here");
    const auto length = request.header("content-length");
    if (!length) return std::nullopt;
    std::size_t bytes = 0;
    const auto [end, error] =
        std::from_chars(length->data(), length->data() + length->size(), bytes);
    if (error == std::errc() && bytes <= kBodyBytesMax) return std::nullopt;
    return problem(413, "at most 8192 bytes are taken from nobody in particular");
}

} // namespace

Admission::Admission(const Router& router, const HttpDoor& door, net::ip::tcp::socket& socket,
                     std::shared_ptr<Gate> gate)
    : router_(router),
      door_(door),
      authentication_(door, address_of(socket)),
      executor_(socket.get_executor()),
      gate_(std::move(gate)),
      settled_(executor_) {}

void Admission::certify(std::string common_name) {
    authentication_.certify(std::move(common_name));
}

HostRules Admission::host_rules() const {
    HostRules rules;
    rules.has_users = door_.identity != nullptr && door_.identity->has_users();
    rules.is_tls = door_.tls != nullptr;
    rules.hosts = door_.hosts;
    return rules;
}

net::awaitable<std::optional<HttpResponse>> Admission::admit(HttpRequest& request) {
    request.is_tls = door_.tls != nullptr;
    auto found = router_.find(request);
    if (auto* answer = std::get_if<HttpResponse>(&found)) co_return std::move(*answer);
    route_ = std::get<Router::Found>(found);
    if (route_->right().kind() == Right::Kind::open) {
        if (auto refusal = too_much_of_nobody(request)) co_return refusal;
        request.caller = authentication_.nobody();
        co_return std::nullopt;
    }
    outcome_.reset();
    settled_.expires_at(net::steady_timer::time_point::max());
    // Weak: a password may be under way when the connection and its io_context are gone.
    Authentication::Done done = [weak = weak_from_this(), executor = executor_,
                                 gate = gate_](Authentication::Outcome outcome) {
        gate->post(executor, [weak, outcome = std::move(outcome)]() mutable {
            if (const auto self = weak.lock()) self->settle(std::move(outcome));
        });
    };
    authentication_.recognise(request, std::move(done));
    while (!outcome_ && !is_closed_) co_await settled_.async_wait(as_values);
    if (!outcome_) co_return HttpResponse{0, {}};
    if (!outcome_->caller) {
        tell_refused(request, outcome_->answer);
        co_return std::move(outcome_->answer);
    }
    request.caller = std::move(outcome_->caller);
    auto refusal = route_->refusal(request);
    if (refusal) tell_refused(request, *refusal);
    if (refusal && refusal->status == 401) Authentication::add_challenge(request, *refusal);
    co_return refusal;
}

void Admission::note_foreign(const HttpRequest& request, const HttpResponse& answer) const {
    if (door_.watch == nullptr) return;
    const SeenRequest seen{"", authentication_.address(), request.method, request.path, false};
    door_.watch->refused(seen, Refusal::foreign, detail_of(answer));
}

SeenRequest Admission::seen(const HttpRequest& request) const {
    SeenRequest seen{"", authentication_.address(), route_->text(), request.path,
                     is_audited_change(request, route_->right())};
    seen.user = request.caller ? request.caller->principal.name : claimed_user(request);
    return seen;
}

void Admission::tell_refused(const HttpRequest& request, const HttpResponse& answer) const {
    if (door_.watch == nullptr) return;
    // A cookie that is over is no try: a page that was left open asks on and on.
    const bool says_who = request.header("authorization").has_value();
    Refusal reason{};
    switch (answer.status) {
        case 401:
            reason = says_who && !request.caller ? Refusal::wrong_secret : Refusal::unrecognised;
            break;
        case 403: reason = Refusal::denied; break;
        case 429: reason = Refusal::locked_out; break;
        default: return; // it was not understood, or not now
    }
    door_.watch->refused(seen(request), reason, detail_of(answer));
}

void Admission::settle(Authentication::Outcome outcome) {
    outcome_ = std::move(outcome);
    settled_.cancel();
}

void Admission::serve(HttpRequest request, const Reply& reply) {
    served_ = {};
    is_revoked_ = false;
    served_.captures = request.captures;
    served_.caller = request.caller;
    if (door_.watch != nullptr && is_audited_change(request, route_->right()))
        reply.observe([watch = door_.watch, change = seen(request)](const HttpResponse& response) {
            watch->answered(change, response);
        });
    route_->call(std::move(request), reply);
}

bool Admission::is_revoked() {
    if (is_revoked_ || route_->right().kind() == Right::Kind::open) return is_revoked_;
    auto now = authentication_.renewed(served_.caller);
    if (now == served_.caller) return false;
    is_revoked_ = !now;
    if (is_revoked_) return true;
    served_.caller = std::move(now);
    is_revoked_ = route_->refusal(served_).has_value();
    return is_revoked_;
}

void Admission::close() {
    is_closed_ = true;
    settled_.cancel();
}

} // namespace holdfast::gateway
