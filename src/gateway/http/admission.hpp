#pragma once

#include <gateway/http/authentication.hpp>
#include <gateway/http/origin.hpp>
#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/http/request_watch.hpp>
#include <holdfast/gateway/http/router.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace holdfast::gateway {

// Whether the requests of one connection are served: where each leads, who sent it, and whether he
// may. On the connection's thread. Router and door outlive it, gate and executor all that it began.
class Admission : public std::enable_shared_from_this<Admission> {
public:
    // `socket` is only asked for its peer and its thread.
    Admission(const Router& router, const HttpDoor& door, boost::asio::ip::tcp::socket& socket,
              std::shared_ptr<Gate> gate);

    // Whose the client's certificate is, once the handshake has checked it; empty: it has none.
    void certify(std::string common_name);
    // What check_origin() needs to know of the door.
    [[nodiscard]] HostRules host_rules() const;
    // Tells of a request that check_origin() refused.
    void note_foreign(const HttpRequest& request, const HttpResponse& answer) const;
    // Settled before the body is read. Sets the request's captures and caller; or the answer, of
    // status 0 where the connection was closed meanwhile.
    [[nodiscard]] boost::asio::awaitable<std::optional<HttpResponse>> admit(HttpRequest& request);
    // Serves what was admitted last.
    void serve(HttpRequest request, const Reply& reply);
    // Whether the caller has lost the right to what he is being served; then it stays so.
    [[nodiscard]] bool is_revoked();
    void close(); // admit() ends

private:
    void settle(Authentication::Outcome outcome);
    [[nodiscard]] SeenRequest seen(const HttpRequest& request) const;
    void tell_refused(const HttpRequest& request, const HttpResponse& answer) const;

    const Router& router_;
    const HttpDoor& door_;
    Authentication authentication_;
    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<Gate> gate_;
    boost::asio::steady_timer settled_; // cancelled when outcome_ is there
    std::optional<Authentication::Outcome> outcome_;
    std::optional<Router::Found> route_;
    HttpRequest served_; // captures and caller of it; the rest went to its handler
    bool is_revoked_ = false;
    bool is_closed_ = false;
};

} // namespace holdfast::gateway
