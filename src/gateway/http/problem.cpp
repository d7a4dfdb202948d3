#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <holdfast/base/bytes.hpp>

namespace holdfast::gateway {
namespace {

unsigned status_of(Errc code) noexcept {
    switch (code) {
        case Errc::malformed: return 400;
        case Errc::not_supported: return 501;
        case Errc::limit_exceeded: return 429;
        case Errc::too_large: return 413;
        case Errc::not_found: return 404;
        case Errc::already_exists: return 409;
        case Errc::denied: return 403;
        case Errc::corrupt: return 500;
        case Errc::io: return 503;
        case Errc::no_space: return 507;
        case Errc::closed: return 503;
        case Errc::out_of_order: return 409;
        case Errc::fenced: return 409;
    }
    return 500;
}

} // namespace

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 422: return "Unprocessable Content";
        case 426: return "Upgrade Required";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "Error";
    }
}

HttpResponse problem(unsigned status, std::string_view detail) {
    // A detail may quote the request, which need not be UTF-8; JSON must be.
    const boost::json::object body{{"title", reason_phrase(status)},
                                   {"status", status},
                                   {"detail", is_utf8(detail) ? detail : "the input is not UTF-8"}};
    HttpResponse response{status, "application/problem+json", {}, boost::json::serialize(body)};
    if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
    if (status == 507) response.headers.emplace_back("Retry-After", "30");
    return response;
}

std::string detail_of(const HttpResponse& response) {
    boost::json::error_code error;
    const auto body = boost::json::parse(response.body, error);
    if (!error && body.is_object())
        if (const auto* detail = body.as_object().if_contains("detail"))
            if (detail->is_string()) return std::string(std::string_view(detail->as_string()));
    return fmt::format("the server answered {}", response.status);
}

HttpResponse problem(const Error& error) {
    return problem(status_of(error.code), error.context);
}

} // namespace holdfast::gateway
