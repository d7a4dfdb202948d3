#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/history/aggregate.hpp>
#include <holdfast/query/result_text.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::gateway {

enum class Statistic : std::uint8_t { avg, min, max, sum, count, first, last };
[[nodiscard]] std::string_view to_string(Statistic statistic) noexcept;
[[nodiscard]] column::Value value_of(const history::FieldAggregate& field,
                                     Statistic statistic) noexcept;

// What is asked of history: rows, statistics of buckets (where there are any), or the extremes of
// `points` buckets (where that is not 0).
struct HistoryRequest {
    std::vector<std::string> fields;
    std::int64_t from_us = INT64_MIN; // [from, to)
    std::int64_t to_us = INT64_MAX;
    std::int64_t step_us = 0; // 0: one bucket for all
    std::vector<Statistic> statistics;
    std::size_t points = 0;
    std::size_t rows_max = 0;
    query::ResultFormat format = query::ResultFormat::json;
};

// A time as clients of history give it, in microseconds: RFC 3339, epoch milliseconds, `now`, or
// relative to that: `now-7d`, `now+1h30m`. Errors: malformed.
[[nodiscard]] Result<std::int64_t> parse_time_us(std::string_view text, std::int64_t now_us);

// Errors: malformed, naming the parameter.
[[nodiscard]] Result<HistoryRequest> read_history_request(const HttpRequest& request,
                                                          std::int64_t now_us);
// `a,b`: each once and none empty. Errors: malformed; also past kFieldsMax.
inline constexpr std::size_t kFieldsMax = 1'000;
[[nodiscard]] Result<std::vector<std::string>> read_names(std::string_view parameter,
                                                          std::string_view text);
[[nodiscard]] Result<std::int64_t> read_step_us(std::string_view text);

} // namespace holdfast::gateway
