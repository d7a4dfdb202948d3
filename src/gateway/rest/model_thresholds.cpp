#include <gateway/rest/model_thresholds.hpp>

#include <gateway/rest/json.hpp>
#include <gateway/rest/model_replay.hpp>
#include <holdfast/models/threshold_counts.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMsMax = 60'000; // of one answer

Result<std::optional<double>> per_week(const HttpRequest& request) {
    const auto text = request.query_value("per_week");
    if (!text) return std::optional<double>();
    double rate = 0.0;
    const char* const end = text->data() + text->size();
    const auto [read_to, error] = std::from_chars(text->data(), end, rate);
    if (error != std::errc() || read_to != end || !std::isfinite(rate) || rate < 0.0)
        return fail(Errc::malformed,
                    fmt::format("per_week: '{}' is no number of alarms, from 0 on", *text));
    return std::optional(rate);
}

// Ends a count whose client has gone, or that takes too long.
models::Replay::Check watch(const Clock& clock, std::stop_token gone) {
    return [&clock, gone = std::move(gone), begin_ms = clock.monotonic_ms()]() -> Result<void> {
        if (gone.stop_requested()) return fail(Errc::closed, "the client has gone");
        if (clock.monotonic_ms() - begin_ms > kMsMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("it takes more than {} s: ask for less time or one device",
                                    kMsMax / 1'000));
        return ok();
    };
}

json::object describe(const models::ThresholdCount& count, double weeks) {
    json::object out{{"threshold", count.threshold},     {"alarms", count.alarms},
                     {"alarms_true", count.alarms_true}, {"alarms_false", count.alarms_false},
                     {"kept_true", count.kept_true},     {"spared_false", count.spared_false}};
    if (weeks > 0.0) out["per_week"] = static_cast<double>(count.alarms) / weeks;
    return out;
}

json::object describe(const models::ModelSpec& spec, const models::ThresholdCounts& counted) {
    json::array thresholds;
    for (const auto& each : counted.counts) thresholds.push_back(describe(each, counted.weeks()));
    return {{"model", spec.name},
            {"threshold", spec.threshold()},
            {"devices", counted.devices},
            {"samples", counted.samples},
            {"first_ms", counted.first_ms},
            {"last_ms", counted.last_ms},
            {"labelled_true", counted.labelled_true},
            {"labelled_false", counted.labelled_false},
            {"thresholds", std::move(thresholds)}};
}

// Of an occurrence whose end is not known there is its raise.
std::vector<models::LabelledSpan> spans_of(const std::vector<alarms::Label>& labels) {
    std::vector<models::LabelledSpan> out;
    for (const alarms::Label& label : labels)
        out.push_back({label.device, label.raised_ms, label.cleared_ms.value_or(label.raised_ms),
                       label.said.is_true});
    return out;
}

} // namespace

Result<void> show_thresholds(const models::Engine& engine, const alarms::Registry& alarms,
                             const HistoryParts& parts, const HttpRequest& request,
                             const Reply& reply) {
    HF_TRY(const ReplayedModel model, replayed_model(engine, parts, request));
    HF_TRY(const auto asked, read_history_request(request, parts.clock.now_ms() * kUsPerMs));
    HF_TRY(const auto rate, per_week(request));
    models::ThresholdsRequest wanted;
    wanted.device = request.query_value("device").value_or("");
    if (!wanted.device.empty() && !parts.store->summary(model.stream, wanted.device))
        return fail(Errc::not_found, fmt::format("history has no device '{}' in stream '{}'",
                                                 wanted.device, model.spec.source));
    wanted.from_us = asked.from_us;
    wanted.to_us = asked.to_us;
    HF_TRY(wanted.learn_from_us, learn_from_us(request, asked.from_us));
    wanted.bytes_max = parts.bytes_max;

    const auto labels = spans_of(alarms.labels_of(model.spec.name));
    HF_TRY(const auto counted,
           models::count_by_threshold(model.spec, *parts.store, model.stream, wanted, labels,
                                      watch(parts.clock, reply.gone())));
    json::object out = describe(model.spec, counted);
    if (rate) {
        const auto suggested = counted.suggested(*rate);
        out["suggested"] = suggested ? json::value(*suggested) : json::value(nullptr);
    }
    reply.send(json_response(out));
    return ok();
}

} // namespace holdfast::gateway
