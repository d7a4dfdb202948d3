#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/http/right.hpp>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::gateway {

// Which handler answers which method and path. Filled before the server starts, then only read.
class Router {
    struct Route;

public:
    // May answer later and from any thread; must not block.
    using Handler = std::function<void(HttpRequest, Reply)>;

    // `pattern` is a path in which `{name}` captures one level and `{name...}`, at the end, the
    // rest, slashes included: "/api/v1/streams/{name}/records". Of the patterns
    // that fit and have the method the first wins. `query` names the parameters that the handler
    // reads: a request with another one is answered with 400, as what it asks for is not done.
    // `right` is what the caller must have; a capture that it names is one of the pattern.
    void add(std::string_view method, std::string_view pattern,
             std::initializer_list<std::string_view> query, Right right, Handler handler);

    // Where a request leads. Good as long as the router.
    class Found {
    public:
        explicit Found(const Route& route) noexcept : route_(&route) {}

        [[nodiscard]] const Right& right() const noexcept { return route_->right; }
        // Method and pattern: "PATCH /api/v1/streams/{name}".
        [[nodiscard]] std::string text() const;
        // What keeps request.caller from it: 401 where there is none, or nobody in particular;
        // else 403.
        [[nodiscard]] std::optional<HttpResponse> refusal(const HttpRequest& request) const;
        // The handler. What find() and refusal() said comes before.
        void call(HttpRequest request, const Reply& reply) const;

    private:
        const Route* route_;
    };
    // By method, path and query alone, so before the body is there; sets the captures. Or the
    // answer: 400 for a path that cannot be decoded or a query that is not known, 404 where no
    // pattern fits, 405 with Allow where one fits but not with this method. HEAD is served by GET's
    // handler.
    [[nodiscard]] std::variant<Found, HttpResponse> find(HttpRequest& request) const;
    // All three.
    void handle(HttpRequest request, const Reply& reply) const;

    struct Shown {
        std::string method;
        std::string path; // its pattern
        std::vector<std::string> query;
        std::string right; // its text()
    };
    [[nodiscard]] std::vector<Shown> routes() const; // in order of add()

private:
    struct Route {
        std::string method;
        std::vector<std::string> levels;
        std::vector<std::string> query;
        Right right;
        Handler handler;
    };
    [[nodiscard]] static bool fits(const Route& route, const std::vector<std::string>& levels,
                                   NamedValues& captures);

    std::vector<Route> routes_;
};

} // namespace holdfast::gateway
