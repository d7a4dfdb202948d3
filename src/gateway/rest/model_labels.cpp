#include <gateway/rest/json.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/models/engine.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

json::object describe(const alarms::Label& label) {
    json::object out{{"alarm", label.alarm},
                     {"occurrence", label.occurrence},
                     {"device", label.device},
                     {"from", label.raised_ms},
                     {"to", nullptr},
                     {"label", alarms::to_string(label.said)},
                     {"by", label.said.note.by},
                     {"at", label.said.note.at_ms},
                     {"comment", label.said.note.comment}};
    if (label.cleared_ms) out["to"] = *label.cleared_ms;
    return out;
}

Result<HttpResponse> list(const models::Engine& engine, const alarms::Registry& alarms,
                          const HttpRequest& request) {
    // Labels are of a name: a model of another stream may have had it. Who may read alarms may read
    // those of all streams.
    HF_TRY(check_right(request.caller->rights, Action::read, access::Resource::area("alarms")));
    const auto name = request.capture("name");
    const auto model = engine.find(name);
    if (!model) return fail(Errc::not_found, fmt::format("there is no model '{}'", name));
    HF_TRY(check_right(request.caller->rights, Action::read,
                       access::Resource::stream(model->spec.source)));
    json::array all;
    for (const auto& label : alarms.labels_of(name)) all.push_back(describe(label));
    return json_response(all);
}

} // namespace

void add_model_label_route(Router& router, const models::Engine& engine,
                           const alarms::Registry& alarms, WorkQueue& queue) {
    router.add("GET", "/api/v1/models/{name}/labels", {}, Right::area(Action::read, "models"),
               on_queue(queue, [&engine, &alarms](const HttpRequest& request) {
                   return list(engine, alarms, request);
               }));
}

} // namespace holdfast::gateway
