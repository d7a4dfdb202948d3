#include <holdfast/gateway/http/router.hpp>

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <exception>

namespace holdfast::gateway {
namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> levels;
    if (path.starts_with('/')) path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        levels.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return levels;
        path.remove_prefix(slash + 1);
    }
}

bool is_capture(std::string_view level) {
    return level.size() > 2 && level.front() == '{' && level.back() == '}';
}

bool is_rest(std::string_view level) {
    return is_capture(level) && level.ends_with("...}");
}

// Without it the right would ask for a resource without a name.
[[maybe_unused]] bool has_capture_of(const Right& right, const std::vector<std::string>& levels) {
    if (right.kind() != Right::Kind::stream && right.kind() != Right::Kind::topic) return true;
    return std::ranges::any_of(levels, [&](const std::string& level) {
        return level == "{" + right.name() + "}" || level == "{" + right.name() + "...}";
    });
}

std::string join(const std::vector<std::string>& levels, std::size_t from) {
    return fmt::format(
        "{}", fmt::join(levels.begin() + static_cast<std::ptrdiff_t>(from), levels.end(), "/"));
}

} // namespace

void Router::add(std::string_view method, std::string_view pattern,
                 std::initializer_list<std::string_view> query, Right right, Handler handler) {
    auto levels = split(pattern);
    assert(has_capture_of(right, levels));
    routes_.push_back({std::string(method), std::move(levels),
                       std::vector<std::string>(query.begin(), query.end()), std::move(right),
                       std::move(handler)});
}

bool Router::fits(const Route& route, const std::vector<std::string>& levels,
                  NamedValues& captures) {
    captures.clear();
    for (std::size_t i = 0; i < route.levels.size(); ++i) {
        const std::string_view expected = route.levels[i];
        if (i >= levels.size()) return false;
        if (is_rest(expected)) {
            auto rest = join(levels, i);
            if (rest.empty()) return false;
            captures.emplace_back(expected.substr(1, expected.size() - 5), std::move(rest));
            return true;
        }
        if (is_capture(expected)) {
            if (levels[i].empty()) return false;
            captures.emplace_back(expected.substr(1, expected.size() - 2), levels[i]);
        } else if (levels[i] != expected) {
            return false;
        }
    }
    return levels.size() == route.levels.size();
}

std::variant<Router::Found, HttpResponse> Router::find(HttpRequest& request) const {
    auto levels = split(request.path);
    for (std::string& level : levels) {
        auto decoded = percent_decode(level, false);
        if (!decoded) return problem(decoded.error());
        level = std::move(decoded).value();
    }

    const std::string_view method =
        request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
    std::vector<std::string> allowed;
    for (const Route& route : routes_) {
        if (!fits(route, levels, request.captures)) continue;
        if (route.method == method) {
            if (const auto known = request.expect_only(route.query); !known)
                return problem(known.error());
            return Found(route);
        }
        if (std::ranges::find(allowed, route.method) != allowed.end()) continue;
        allowed.push_back(route.method);
        if (route.method == "GET") allowed.emplace_back("HEAD");
    }
    if (allowed.empty()) return problem(404, fmt::format("nothing is served at {}", request.path));
    auto response = problem(405, fmt::format("{} is not served at {}, but {}", request.method,
                                             request.path, fmt::join(allowed, ", ")));
    response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
    return response;
}

std::string Router::Found::text() const {
    return route_->method + " /" + join(route_->levels, 0);
}

std::optional<HttpResponse> Router::Found::refusal(const HttpRequest& request) const {
    if (right().kind() == Right::Kind::open) return std::nullopt;
    if (!request.caller) return problem(401, "sign in first");
    const auto checked = right().check(request.caller->rights, request);
    if (checked) return std::nullopt;
    const bool is_nobody = request.caller->principal.kind == access::PrincipalKind::anonymous;
    if (is_nobody) return problem(401, checked.error().context + "; sign in first");
    return problem(checked.error());
}

// The session's thread runs a whole shard: what a handler throws must not reach it.
void Router::Found::call(HttpRequest request, const Reply& reply) const {
    try {
        route_->handler(std::move(request), reply);
    } catch (const std::exception& failure) {
        log_error("http", "a request ended by an exception: {}", failure.what());
        reply.send(problem(500, "the server failed at this request"));
    }
}

void Router::handle(HttpRequest request, const Reply& reply) const {
    auto found = find(request);
    if (auto* answer = std::get_if<HttpResponse>(&found)) return reply.send(std::move(*answer));
    const Found& route = std::get<Found>(found);
    if (auto refused = route.refusal(request)) return reply.send(std::move(*refused));
    route.call(std::move(request), reply);
}

std::vector<Router::Shown> Router::routes() const {
    std::vector<Shown> all;
    for (const Route& route : routes_)
        all.push_back({route.method, "/" + join(route.levels, 0), route.query, route.right.text()});
    return all;
}

} // namespace holdfast::gateway
