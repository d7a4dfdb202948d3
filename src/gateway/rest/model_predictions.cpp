#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/training_api.hpp>
#include <holdfast/models/predictions.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cmath>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

json::array describe(const std::vector<models::Prediction>& newest) {
    json::array out;
    for (const auto& each : newest) {
        json::object prediction{{"device", each.device},
                                {"event_ms", each.event_ms},
                                {"prediction", nullptr},
                                {"alarm", each.is_alarmed}};
        if (std::isfinite(each.value)) prediction["prediction"] = each.value;
        out.push_back(std::move(prediction));
    }
    return out;
}

Result<HttpResponse> show(const models::Predictions& predictions, const HttpRequest& request) {
    const auto name = request.capture("name");
    const auto found = predictions.find(name);
    if (!found)
        return fail(Errc::not_found,
                    fmt::format("no version of a model '{}' is in use on a stream", name));
    HF_TRY(
        check_right(request.caller->rights, Action::read, access::Resource::stream(found->stream)));
    return json_response(json::object{{"model", found->model},
                                      {"version", found->version},
                                      {"stream", found->stream},
                                      {"promoted_by", found->promoted_by},
                                      {"status", found->reason.empty() ? "running" : "paused"},
                                      {"reason", found->reason},
                                      {"devices", found->devices},
                                      {"lag", found->lag},
                                      {"scored", found->counts.scored},
                                      {"skipped", found->counts.skipped},
                                      {"alarms_raised", found->counts.alarms_raised},
                                      {"alarms_cleared", found->counts.alarms_cleared},
                                      {"last_error", found->last_error},
                                      {"predictions", describe(found->newest)}});
}

} // namespace

void add_prediction_route(Router& router, const models::Predictions& predictions,
                          WorkQueue& reads) {
    router.add("GET", "/api/v1/models/{name}/predictions", {}, Right::area(Action::read, "models"),
               on_queue(reads, [&predictions](const HttpRequest& request) {
                   return show(predictions, request);
               }));
}

} // namespace holdfast::gateway
