#include <gateway/http/admission.hpp>

#include <holdfast/identity/authenticator.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

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

} // namespace

Admission::Admission(const Router& router, const HttpDoor& door, net::ip::tcp::socket& socket,
                     std::shared_ptr<Gate> gate)
    : router_(router),
      door_(door),
      authentication_(door, address_of(socket)),
      executor_(socket.get_executor()),
      gate_(std::move(gate)),
      settled_(executor_) {}

HostRules Admission::host_rules() const {
    HostRules rules;
    rules.has_users = door_.identity != nullptr && door_.identity->has_users();
    rules.is_tls = door_.is_tls;
    rules.hosts = door_.hosts;
    return rules;
}

net::awaitable<std::optional<HttpResponse>> Admission::admit(HttpRequest& request) {
    request.is_tls = door_.is_tls;
    auto found = router_.find(request);
    if (auto* answer = std::get_if<HttpResponse>(&found)) co_return std::move(*answer);
    route_ = std::get<Router::Found>(found);
    if (route_->right().kind() == Right::Kind::open) {
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
    if (!outcome_->caller) co_return std::move(outcome_->answer);
    request.caller = std::move(outcome_->caller);
    auto refusal = route_->refusal(request);
    if (refusal && refusal->status == 401) Authentication::add_challenge(request, *refusal);
    co_return refusal;
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
