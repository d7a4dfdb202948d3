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

// The members of the one object that `text` is, each once, as slices. malformed where it is
// something else, or has two members of one name.
[[nodiscard]] Result<JsonSlices> json_members(std::string_view text);

// A member's time: a whole number of epoch milliseconds, or text as parse_time_ms() takes it.
// malformed, naming the member.
[[nodiscard]] Result<std::int64_t> json_time_ms(std::string_view name,
                                                const boost::json::value& value);

// The texts of the objects in an array, or in lines (NDJSON) of which each is one; lines are not
// parsed. Errors: malformed, also past kJsonTextsMax.
inline constexpr std::size_t kJsonTextsMax = 100'000; // mostly the bound of the body comes first
[[nodiscard]] Result<std::vector<std::string_view>> json_texts(std::string_view body);

// As people write numbers: 0.25, where Boost says 2.5E-1.
[[nodiscard]] std::string to_json_text(const boost::json::value& value);
// JSON, which `text` must be, without the white space between its parts; numbers keep their digits.
[[nodiscard]] std::string compact_json(std::string_view text);

[[nodiscard]] HttpResponse json_response(const boost::json::value& value, unsigned status = 200);

// malformed, naming the parameter, where the query has one that does not go with the rest.
[[nodiscard]] Result<void> expect_none_of(std::initializer_list<std::string_view> names,
                                          const HttpRequest& request);

// A handler that answers with what `work` gives, worked out on the queue; 503 where that is full.
[[nodiscard]] Router::Handler on_queue(
    WorkQueue& queue, std::function<Result<HttpResponse>(const HttpRequest&)> work);

} // namespace holdfast::gateway
