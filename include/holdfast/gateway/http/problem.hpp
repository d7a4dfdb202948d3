#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/message.hpp>

#include <string>
#include <string_view>

namespace holdfast::gateway {

// An RFC 9457 problem: {"title","status","detail"} as application/problem+json. 429, 503 and 507
// carry Retry-After.
[[nodiscard]] HttpResponse problem(unsigned status, std::string_view detail);

// The problem that an Error of the modules below is to a client: 400 malformed, 403 denied,
// 404 not_found, 409 already_exists, 413 too_large, 429 limit_exceeded, 500 corrupt, 501
// not_supported, 503 closed and io, 507 no_space.
[[nodiscard]] HttpResponse problem(const Error& error);

// The standard phrase of a status code, "Not Found".
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

// What a problem says, for people: its detail, or the status of an answer that is none.
[[nodiscard]] std::string detail_of(const HttpResponse& response);

} // namespace holdfast::gateway
