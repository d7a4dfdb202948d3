#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/http/server.hpp>

#include <boost/system/error_code.hpp>

#include <optional>

namespace holdfast::gateway {

// The answer to a request that could not be read, for `error` of Beast or the socket; nothing where
// nobody is there to read it. `is_late`: we ended the reading ourselves.
[[nodiscard]] std::optional<HttpResponse> read_problem(boost::system::error_code error,
                                                       bool is_late, const HttpSettings& settings);

} // namespace holdfast::gateway
