#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::gateway {

// One JSON document, at most 64 deep, valid UTF-8. malformed says what and where.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text);

// The members of an object, or the elements of an array (with empty names), as slices of `text`,
// which parse_json() has taken: values keep the bytes they came with.
using JsonSlices = std::vector<std::pair<std::string, std::string_view>>;
[[nodiscard]] JsonSlices json_slices(std::string_view text);

// The texts of the objects in an array, or in lines (NDJSON) of which each is one; lines are not
// parsed. Errors: malformed, also past kJsonTextsMax.
inline constexpr std::size_t kJsonTextsMax = 100'000; // mostly the bound of the body comes first
[[nodiscard]] Result<std::vector<std::string_view>> json_texts(std::string_view body);

[[nodiscard]] HttpResponse json_response(const boost::json::value& value, unsigned status = 200);

// A handler that answers with what `work` gives, worked out on the queue; 503 where that is full.
[[nodiscard]] Router::Handler on_queue(
    WorkQueue& queue, std::function<Result<HttpResponse>(const HttpRequest&)> work);

} // namespace holdfast::gateway
