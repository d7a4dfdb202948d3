#include <gateway/rest/json.hpp>
#include <gateway/rest/readable_streams.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

using access::Action;
using history::DeviceSummary;

constexpr std::size_t kPage = 1'000; // devices that are looked at while the store is locked

std::string json_string(std::string_view text) {
    std::string out;
    column::append_json_string(out, text);
    return out;
}

// `{"temp":{"value":21.5,"ts":"..."}}`
Result<std::string> values_text(const history::Store& store, StreamId stream,
                                std::string_view device) {
    HF_TRY(const auto latest, store.latest(stream, device));
    std::string out = "{";
    for (const history::LatestValue& each : latest.values) {
        if (out.size() > 1) out += ',';
        out += json_string(each.field) + R"(:{"value":)";
        column::append_json(out, each.value);
        out += fmt::format(R"(,"ts":"{}"}})", column::format_timestamp(each.ts_us));
    }
    return out + "}";
}

std::string summary_text(const DeviceSummary& summary, const std::string& stream) {
    return fmt::format(R"({{"device":{},"stream":{},"first_seen":"{}","last_seen":"{}",)"
                       R"("messages":{},"fields":{})",
                       json_string(summary.device), json_string(stream),
                       column::format_timestamp(summary.first_ts_us),
                       column::format_timestamp(summary.last_ts_us), summary.messages,
                       summary.fields);
}

HttpResponse json_text(std::string body) {
    HttpResponse response;
    response.content_type = "application/json";
    response.body = std::move(body);
    return response;
}

// At most `max` of one stream whose name holds `search`, in byte order.
void find(const history::Store& store, StreamId stream, std::string after, std::string_view search,
          std::size_t max, std::vector<DeviceSummary>& out) {
    std::size_t found = 0;
    for (;;) {
        auto page = store.summaries(stream, after, kPage);
        for (DeviceSummary& each : page) {
            if (each.device.find(search) == std::string::npos) continue;
            if (found++ == max) return;
            after = each.device;
            out.push_back(std::move(each));
        }
        if (page.size() < kPage) return;
        after = std::max(after, page.back().device);
    }
}

Result<HttpResponse> list(const history::Store& store, const log::Log& log,
                          const HttpRequest& request) {
    HF_TRY(const auto limit, request.integer("limit", 100, 1, 10'000));
    HF_TRY(const bool with_values, request.flag("values", false));
    const auto max = static_cast<std::size_t>(limit);
    const auto streams = ReadableStreams::of(log, request);
    std::vector<DeviceSummary> found;
    for (const auto& [name, id] : streams.all)
        find(store, id, std::string(request.query_value("after").value_or("")),
             request.query_value("search").value_or(""), max + 1, found);
    std::sort(found.begin(), found.end(), [&](const auto& left, const auto& right) {
        return std::pair(std::string_view(left.device), streams.name_of(left.stream)) <
               std::pair(std::string_view(right.device), streams.name_of(right.stream));
    });
    std::string body = R"({"devices":[)";
    std::size_t devices = 0;
    std::string_view last;
    for (const DeviceSummary& each : found) {
        if ((devices == 0 || each.device != last) && ++devices > max) break;
        if (body.back() != '[') body += ',';
        last = each.device;
        body += summary_text(each, streams.name_of(each.stream));
        if (with_values) {
            HF_TRY(const auto values, values_text(store, each.stream, each.device));
            body += R"(,"values":)" + values;
        }
        body += '}';
    }
    return json_text(body + fmt::format(R"(],"truncated":{}}})", devices > max));
}

// What each stream that has the device says of it.
Result<HttpResponse> show(const history::Store& store, const log::Log& log,
                          const HttpRequest& request, bool with_values) {
    const std::string device(request.capture("device"));
    std::string body;
    for (const auto& [name, id] : ReadableStreams::of(log, request).all) {
        const auto summary = store.summary(id, device);
        if (!summary) continue;
        body += (body.empty() ? "" : ",") + summary_text(*summary, name);
        if (with_values) {
            HF_TRY(const auto values, values_text(store, id, device));
            body += R"(,"values":)" + values;
        } else {
            body += R"(,"field_names":[)";
            for (const std::string& field : store.fields(id, device))
                body += (body.back() == '[' ? "" : ",") + json_string(field);
            body += ']';
        }
        body += '}';
    }
    if (body.empty()) return fail(Errc::not_found, fmt::format("there is no device '{}'", device));
    return json_text(fmt::format(R"({{"device":{},"streams":[{}]}})", json_string(device), body));
}

} // namespace

void add_device_routes(Router& router, const history::Store* store, const log::Log& log,
                       WorkQueue& queue) {
    const auto add = [&](const char* path, std::initializer_list<std::string_view> query,
                         auto work) {
        router.add(
            "GET", path, query, Right::by_handler(Action::read, access::ResourceKind::stream),
            on_queue(queue, [store, work](const HttpRequest& request) -> Result<HttpResponse> {
                if (store == nullptr)
                    return fail(Errc::not_found,
                                "no history is kept here: history.enabled is false");
                return work(*store, request);
            }));
    };
    add("/api/v1/devices", {"stream", "search", "limit", "after", "values"},
        [&log](const history::Store& known, const HttpRequest& request) {
            return list(known, log, request);
        });
    add("/api/v1/devices/{device}", {"stream"},
        [&log](const history::Store& known, const HttpRequest& request) {
            return show(known, log, request, false);
        });
    add("/api/v1/devices/{device}/latest", {"stream"},
        [&log](const history::Store& known, const HttpRequest& request) {
            return show(known, log, request, true);
        });
}

} // namespace holdfast::gateway
