#include <gateway/rest/json.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/history/device_erasures.hpp>
#include <holdfast/log/log.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

// What is on its way: it is done when it is listed no more.
Result<HttpResponse> erase(history::DeviceErasures& erasures, const log::Log& log,
                           const Clock& clock, const HttpRequest& request) {
    const auto name = request.query_value("stream");
    if (!name) return fail(Errc::malformed, "stream: the stream that the device is erased from");
    HF_TRY(check_right(request.caller->rights, access::Action::manage,
                       access::Resource::stream(*name)));
    const auto stream = log.find_stream(*name);
    if (!stream) return fail(Errc::not_found, fmt::format("there is no stream '{}'", *name));
    const std::string_view device = request.capture("device");
    const access::Principal& who = request.caller->principal;
    HF_TRY(erasures.ask(stream->id, device, who.name, who.address, clock.now_ms()));
    HttpResponse response = json_response(json::object{{"device", device}, {"stream", *name}}, 202);
    response.note = fmt::format("from stream '{}': asked for", *name);
    return response;
}

Result<HttpResponse> list(const history::DeviceErasures& erasures, const log::Log& log) {
    json::array all;
    for (const history::Erasure& each : erasures.under_way()) {
        const auto stream = log.find_stream(each.stream);
        json::object shown{
            {"device", each.device},     {"stream", stream ? stream->settings.name : ""},
            {"asked_ms", each.asked_ms}, {"by", each.actor},
            {"rows", each.rows},         {"records", each.records}};
        if (!each.trouble.empty()) shown["waits_for"] = each.trouble;
        all.push_back(std::move(shown));
    }
    return json_response(json::object{{"erasures", std::move(all)}});
}

} // namespace

void add_device_erasure_routes(Router& router, history::DeviceErasures* erasures,
                               const log::Log& log, const Clock& clock, WorkQueue& queue) {
    const auto add = [&](const char* method, const char* path,
                         std::initializer_list<std::string_view> query, auto work) {
        router.add(
            method, path, query, Right::area(access::Action::administer, "devices"),
            on_queue(queue, [erasures, work](const HttpRequest& request) -> Result<HttpResponse> {
                if (erasures == nullptr)
                    return fail(Errc::not_found,
                                "no history is kept here: history.enabled is false");
                return work(*erasures, request);
            }));
    };
    add("DELETE", "/api/v1/devices/{device}", {"stream"},
        [&log, &clock](history::DeviceErasures& of, const HttpRequest& request) {
            return erase(of, log, clock, request);
        });
    add("GET", "/api/v1/erasures", {},
        [&log](history::DeviceErasures& of, const HttpRequest&) { return list(of, log); });
}

} // namespace holdfast::gateway
