#include <gateway/rest/history_reads.hpp>
#include <gateway/rest/history_rows.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/history/correlation.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace holdfast::gateway {
namespace {

using column::Column;
using column::Value;
using history::MeanSeries;

constexpr std::size_t kSeriesMax = 32; // 496 pairs

struct Named {
    std::string device;
    std::string field;
    MeanSeries series;
};

struct Pair {
    const Named* left = nullptr;
    const Named* right = nullptr;
    history::Correlation found;
};

struct Asked {
    std::vector<std::string> devices;
    HistoryRequest history;
};

Result<Asked> read_asked(const HttpRequest& request, std::int64_t now_us) {
    const auto devices = request.query_value("devices");
    if (!devices || !request.query_value("fields"))
        return fail(Errc::malformed, "devices and fields: both are needed");
    Asked asked;
    HF_TRY(asked.devices, read_names("devices", *devices));
    HF_TRY(asked.history, read_history_request(request, now_us));
    if (asked.history.step_us == 0)
        return fail(Errc::malformed, "step: is missing: buckets of that width are compared");
    const std::size_t series = asked.devices.size() * asked.history.fields.size();
    if (series < 2 || series > kSeriesMax)
        return fail(
            Errc::malformed,
            fmt::format("{} devices and {} fields are {} series: 2 to {} are compared",
                        asked.devices.size(), asked.history.fields.size(), series, kSeriesMax));
    return asked;
}

// The means of a device's fields, one series for each.
Result<void> add_series(const HistoryRead& read, const std::string& device,
                        std::vector<Named>& out) {
    const std::size_t begin = out.size();
    for (const std::string& field : read.request.fields) out.push_back({device, field, {}});
    HF_TRY(const auto aggregation, open_buckets(read, device));
    for (std::vector<history::Bucket> buckets;;) {
        HF_TRY(const bool any, aggregation->next(buckets));
        if (!any) return ok();
        for (const history::Bucket& bucket : buckets)
            for (std::size_t i = 0; i < bucket.fields.size(); ++i) {
                const Value mean = bucket.fields[i].mean();
                if (mean.is_null() || !std::isfinite(mean.as_float())) continue;
                out[begin + i].series.start_us.push_back(bucket.start_us);
                out[begin + i].series.mean.push_back(mean.as_float());
            }
    }
}

// The strongest first, those without a result last.
std::vector<Pair> pairs_of(const std::vector<Named>& series) {
    std::vector<Pair> out;
    for (std::size_t i = 0; i < series.size(); ++i)
        for (std::size_t j = i + 1; j < series.size(); ++j)
            out.push_back(
                {&series[i], &series[j], history::correlate(series[i].series, series[j].series)});
    const auto strength = [](const Pair& pair) {
        return pair.found.r ? std::abs(*pair.found.r) : -1;
    };
    std::sort(out.begin(), out.end(), [&](const Pair& left, const Pair& right) {
        const double a = strength(left);
        const double b = strength(right);
        return a != b ? a > b
                      : std::pair(left.left, left.right) < std::pair(right.left, right.right);
    });
    return out;
}

Result<std::uint64_t> send(const std::vector<Pair>& pairs, query::Sink& sink) {
    HF_TRY(sink.begin({"device_a", "field_a", "device_b", "field_b", "n", "r"}));
    std::vector<Column> columns(6);
    column::Frame frame;
    frame.rows = pairs.size();
    for (Column& each : columns) {
        each.reset(pairs.size());
        frame.columns.push_back(&each);
    }
    for (std::size_t row = 0; row < pairs.size(); ++row) {
        const auto& [left, right, found] = pairs[row];
        columns[0].set(row, Value::of_text(left->device));
        columns[1].set(row, Value::of_text(left->field));
        columns[2].set(row, Value::of_text(right->device));
        columns[3].set(row, Value::of_text(right->field));
        columns[4].set(row, Value::of_int(static_cast<std::int64_t>(found.n)));
        if (found.r) columns[5].set(row, Value::of_float(*found.r));
    }
    HF_TRY(sink.rows(frame));
    return pairs.size();
}

Result<void> correlation(const HistoryParts& parts, const HttpRequest& request,
                         const Reply& reply) {
    HF_TRY(const Asked asked, read_asked(request, parts.clock.now_ms() * 1'000));
    // Of one stream: that of the first device, where none is named.
    HF_TRY(const StreamId stream, stream_of(parts, request, asked.devices.front()));
    for (const std::string& device : asked.devices) {
        HF_TRY(check_device(parts, stream, device, asked.history.fields));
    }
    answer_history(parts, reply, stream, asked.history,
                   [&](const HistoryRead& read) -> Result<std::uint64_t> {
                       std::vector<Named> series;
                       for (const std::string& device : asked.devices) {
                           HF_TRY(add_series(read, device, series));
                       }
                       return send(pairs_of(series), read.sink);
                   });
    return ok();
}

} // namespace

void add_correlation_route(Router& router, const history::Store* store, const log::Log& log,
                           const Clock& clock, WorkQueue& queue, std::size_t bytes_max) {
    router.add("GET", "/api/v1/correlation",
               {"devices", "fields", "stream", "from", "to", "step", "format"},
               Right::by_handler(access::Action::read, access::ResourceKind::stream),
               on_history({store, log, clock, bytes_max}, queue, correlation));
}

} // namespace holdfast::gateway
