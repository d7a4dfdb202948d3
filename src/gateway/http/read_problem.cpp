#include <gateway/http/read_problem.hpp>

#include <holdfast/gateway/http/problem.hpp>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include <string>

namespace holdfast::gateway {

namespace net = boost::asio;
namespace http = boost::beast::http;

std::optional<HttpResponse> read_problem(boost::system::error_code error, bool is_late,
                                         const HttpSettings& settings) {
    if (error == http::error::header_limit)
        return problem(431, "request line and headers are over " +
                                std::to_string(settings.header_bytes_max) + " bytes");
    if (error == http::error::body_limit)
        return problem(413,
                       "the body is over " + std::to_string(settings.body_bytes_max) + " bytes");
    if (error == net::error::operation_aborted && is_late)
        return problem(408, "the request did not arrive whole in " +
                                std::to_string(settings.request_limit.count()) + " ms");
    if (error == http::error::bad_version) return problem(505, "only HTTP/1.0 and HTTP/1.1");
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return std::nullopt;
    if (error.category() == http::make_error_code(http::error::bad_line_ending).category())
        return problem(400, "not an HTTP request: " + error.message());
    return std::nullopt;
}

} // namespace holdfast::gateway
