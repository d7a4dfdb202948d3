#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::gateway {

class BodyStream;
struct Caller;

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// One HTTP request, received whole. Plain values: nothing here knows the server below it.
struct HttpRequest {
    std::string method;   // "GET"
    std::string path;     // as sent, still percent-encoded, without the query
    NamedValues query;    // decoded, in order
    NamedValues headers;  // as sent, in order
    NamedValues captures; // what the route's `{name}` levels matched, decoded; set by the router
    std::string body;
    std::shared_ptr<const Caller> caller; // never null in a handler
    bool is_tls = false;                  // it came over TLS

    // The first of that name; headers whatever the case of their name.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const noexcept;
    // Empty where the route has no such capture.
    [[nodiscard]] std::string_view capture(std::string_view name) const noexcept;
    // The media type of the body, in lower case, without parameters; empty if none is said.
    [[nodiscard]] std::string media_type() const;

    // A query parameter as a whole number. malformed, naming it, if it is none or out of bounds;
    // `fallback` where it is absent.
    [[nodiscard]] Result<std::int64_t> integer(std::string_view name, std::int64_t fallback,
                                               std::int64_t min, std::int64_t max) const;
    // A query parameter as `true` or `false` (or 1 and 0). malformed, naming it, if it is neither.
    [[nodiscard]] Result<bool> flag(std::string_view name, bool fallback) const;
    // A query parameter as parse_time_ms() takes it. Nothing where it is absent; malformed, naming
    // it, where it is no time.
    [[nodiscard]] Result<std::optional<std::int64_t>> time_ms(std::string_view name) const;
    // malformed where the query has a parameter that is not in `known`, or one twice.
    [[nodiscard]] Result<void> expect_only(std::span<const std::string> known) const;
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    NamedValues headers{}; // beside Content-Type, Content-Length, Date and Connection
    std::string body{};
    std::shared_ptr<BodyStream> stream{}; // where set, the body
    std::string note{}; // what was changed, without a secret: for the audit; it is not sent
};

// Where a request is to go: `/path?query`, or `http://host:port/path?query`, as clients write it
// that think they talk to a proxy. Borrows from `text`. malformed for anything else.
struct RequestTarget {
    std::string_view authority; // empty: the Host header says it
    std::string_view path;      // still percent-encoded
    std::string_view query;
};
[[nodiscard]] Result<RequestTarget> split_target(std::string_view text);

// A time as clients give it: epoch milliseconds, or RFC 3339. In epoch milliseconds, from 1970 to
// 9999: -1 or the largest number there is are slips of a program. Errors: malformed.
[[nodiscard]] Result<std::int64_t> parse_time_ms(std::string_view text);
[[nodiscard]] Result<std::int64_t> check_time_ms(std::int64_t epoch_ms);

// Decodes %XX; `+` is a space only in queries. malformed for a broken escape, for what is not UTF-8
// afterwards, and for U+0000.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool is_query);

// `a=1&b=2`. Errors as above; malformed past 64 parameters.
[[nodiscard]] Result<NamedValues> parse_query(std::string_view text);

} // namespace holdfast::gateway
