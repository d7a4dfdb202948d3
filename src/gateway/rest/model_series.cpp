#include <gateway/rest/history_reads.hpp>
#include <gateway/rest/model_replay.hpp>
#include <gateway/rest/model_thresholds.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/rest/model_replay_api.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/models/series.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

using access::Action;
using column::Column;
using column::Value;

constexpr std::size_t kPointsUsual = 1'000;
constexpr std::size_t kRowsAtOnce = 1'024;
constexpr std::size_t kColumnsOfAll = 8; // before those of each field

std::vector<std::string> names_of(const models::ModelSpec& spec) {
    std::vector<std::string> names{"ts",    "score",  "threshold", "is_warm",
                                   "alarm", "signal", "value",     "context"};
    for (const std::string& field : spec.fields)
        for (const char* each : {"value", "low", "high", "share"})
            names.push_back(fmt::format("{}({})", each, field));
    return names;
}

Value number_or_null(double value) {
    return std::isfinite(value) ? Value::of_float(value) : Value();
}

void set_row(const models::ModelSpec& spec, const models::Explained& sample, std::size_t row,
             std::vector<Column>& columns) {
    const ml::Explanation& why = sample.why;
    const bool is_explained = !why.signals.empty();
    columns[0].set(row, Value::of_timestamp_us(sample.event_ms * kUsPerMs));
    columns[1].set(row, number_or_null(sample.score));
    columns[2].set(row, Value::of_float(spec.threshold()));
    columns[3].set(row, Value::of_bool(sample.is_warm));
    columns[4].set(row, Value::of_bool(sample.is_alarmed));
    if (is_explained) {
        columns[5].set(row, Value::of_text(spec.fields[why.signal]));
        columns[6].set(row, number_or_null(why.value));
        columns[7].set(row, Value::of_text(why.context));
    }
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
        Column* const of_field = columns.data() + kColumnsOfAll + 4 * i;
        of_field[0].set(row, number_or_null(sample.values[i]));
        if (!is_explained) continue;
        of_field[1].set(row, number_or_null(why.signals[i].expected_low));
        of_field[2].set(row, number_or_null(why.signals[i].expected_high));
        of_field[3].set(row, number_or_null(why.signals[i].share));
    }
}

Result<std::uint64_t> send(const models::ModelSpec& spec, const HistoryRead& read,
                           const models::SeriesRequest& asked) {
    HF_TRY(const auto samples,
           models::explain_series(spec, read.store, read.stream, asked, read.check));
    const auto names = names_of(spec);
    HF_TRY(read.sink.begin(names));
    std::vector<Column> columns(names.size());
    for (std::size_t begin = 0; begin < samples.size(); begin += kRowsAtOnce) {
        column::Frame frame;
        frame.rows = std::min(kRowsAtOnce, samples.size() - begin);
        for (Column& column : columns) {
            column.reset(frame.rows);
            frame.columns.push_back(&column);
        }
        for (std::size_t row = 0; row < frame.rows; ++row)
            set_row(spec, samples[begin + row], row, columns);
        HF_TRY(read.sink.rows(frame));
    }
    return samples.size();
}

Result<void> show_series(const models::Engine& engine, const HistoryParts& parts,
                         const HttpRequest& request, const Reply& reply) {
    HF_TRY(const ReplayedModel model, replayed_model(engine, parts, request));
    HF_TRY(auto asked, read_history_request(request, parts.clock.now_ms() * kUsPerMs));
    if (asked.points == 0) asked.points = kPointsUsual;
    if (asked.points < 2)
        return fail(Errc::malformed, "points: two at least, the least and the largest score");
    const auto device = request.query_value("device");
    if (!device) return fail(Errc::malformed, "device: is missing");
    if (!parts.store->summary(model.stream, *device))
        return fail(Errc::not_found, fmt::format("history has no device '{}' in stream '{}'",
                                                 *device, model.spec.source));
    models::SeriesRequest series;
    series.device = *device;
    series.from_us = asked.from_us;
    series.to_us = asked.to_us;
    HF_TRY(series.learn_from_us, learn_from_us(request, asked.from_us));
    series.points = asked.points;
    series.bytes_max = parts.bytes_max;
    answer_history(parts, reply, model.stream, asked,
                   [&](const HistoryRead& read) { return send(model.spec, read, series); });
    return ok();
}

} // namespace

void add_model_replay_routes(Router& router, const models::Engine& engine,
                             const alarms::Registry& alarms, const history::Store* store,
                             const log::Log& log, const Clock& clock, WorkQueue& queue,
                             std::size_t bytes_max) {
    const auto add = [&](const char* path, std::initializer_list<std::string_view> query,
                         auto show) {
        router.add("GET", path, query, Right::area(Action::read, "models"),
                   on_history({store, log, clock, bytes_max}, queue, std::move(show)));
    };
    add("/api/v1/models/{name}/series", {"device", "from", "to", "learn", "points", "format"},
        [&engine](const HistoryParts& parts, const HttpRequest& request, const Reply& reply) {
            return show_series(engine, parts, request, reply);
        });
    add("/api/v1/models/{name}/thresholds", {"device", "from", "to", "learn", "per_week"},
        [&engine, &alarms](const HistoryParts& parts, const HttpRequest& request,
                           const Reply& reply) {
            return show_thresholds(engine, alarms, parts, request, reply);
        });
}

} // namespace holdfast::gateway
