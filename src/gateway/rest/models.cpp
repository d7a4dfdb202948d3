#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/models/engine.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

constexpr std::size_t kDefinitionBytesMax = 64 * 1024; // it is stored and listed whole
constexpr const char* kOrigin = "model";               // stands for the file in errors

json::object warm_up_of(const models::ModelSpec& spec) {
    const auto warm_up = spec.warm_up();
    json::object out{{"samples", warm_up.samples}};
    if (warm_up.ms != 0) out["ms"] = warm_up.ms;
    return out;
}

json::object describe(const models::ModelCounts& counts) {
    return {{"scored", counts.scored},
            {"skipped", counts.skipped},
            {"implausible", counts.implausible},
            {"unstorable", counts.unstorable},
            {"lost", counts.lost},
            {"primed", counts.primed},
            {"alarms_raised", counts.alarms_raised},
            {"alarms_worsened", counts.alarms_worsened},
            {"alarms_cleared", counts.alarms_cleared}};
}

// Null: by score and duration.
json::value severity_of(const models::ModelSpec& spec) {
    if (!spec.severity) return nullptr;
    return json::string(alarms::to_string(*spec.severity));
}

std::string_view status_of(const models::ModelInfo& model) {
    if (!model.reason.empty()) return "paused";
    return model.priming ? "priming" : "running";
}

json::value describe(const std::optional<models::PrimingProgress>& priming) {
    if (!priming) return nullptr;
    return json::object{{"devices", priming->devices}, {"devices_done", priming->devices_done}};
}

json::object describe(const models::ModelInfo& model) {
    json::array fields;
    for (const auto& field : model.spec.fields) fields.emplace_back(field);
    return {{"name", model.spec.name},
            {"kind", models::to_string(model.spec.kind)},
            {"source", model.spec.source},
            {"topic", model.spec.topic},
            {"fields", std::move(fields)},
            {"severity", severity_of(model.spec)},
            {"threshold", model.spec.threshold()},
            {"warmup", warm_up_of(model.spec)},
            {"definition", model.text},
            {"made_by", model.made_by},
            {"status", status_of(model)},
            {"priming", describe(model.priming)},
            {"reason", model.reason},
            {"devices", model.devices},
            {"lag", model.lag},
            {"counts", describe(model.counts)},
            {"last_error", model.last_error}};
}

Result<void> check_size(const HttpRequest& request) {
    if (request.body.size() > kDefinitionBytesMax)
        return fail(Errc::malformed, fmt::format("the model has {} bytes, at most {} are taken",
                                                 request.body.size(), kDefinitionBytesMax));
    if (!is_utf8(request.body)) return fail(Errc::malformed, "the model is no valid UTF-8");
    return ok();
}

// A model reads for whoever makes it, and shows him what it sees.
Result<void> check_source(const HttpRequest& request, const models::ModelSpec& spec) {
    return check_right(request.caller->rights, Action::read, access::Resource::stream(spec.source));
}

Result<HttpResponse> post(models::Engine& engine, const HttpRequest& request) {
    HF_TRY(check_size(request));
    HF_TRY(const auto spec, models::parse_model(request.body, kOrigin));
    HF_TRY(check_source(request, spec));
    HF_TRY(const auto model,
           engine.create(request.body, kOrigin, false, maker_of(*request.caller)));
    return json_response(describe(model), 201);
}

// PUT makes or replaces the model that its path names.
Result<HttpResponse> put(models::Engine& engine, const HttpRequest& request) {
    HF_TRY(check_size(request));
    HF_TRY(const auto spec, models::parse_model(request.body, kOrigin));
    HF_TRY(check_source(request, spec));
    const auto name = request.capture("name");
    if (spec.name != name)
        return fail(Errc::malformed, fmt::format("the definition is of model '{}', the path names "
                                                 "'{}'",
                                                 spec.name, name));
    const bool is_new = !engine.find(name);
    HF_TRY(const auto model, engine.create(request.body, kOrigin, true, maker_of(*request.caller)));
    return json_response(describe(model), is_new ? 201 : 200);
}

Result<HttpResponse> show(models::Engine& engine, std::string_view name) {
    const auto model = engine.find(name);
    if (!model) return fail(Errc::not_found, fmt::format("there is no model '{}'", name));
    return json_response(describe(*model));
}

} // namespace

void add_model_routes(Router& router, models::Engine& engine, WorkQueue& changes,
                      WorkQueue& reads) {
    const auto add = [&router](WorkQueue& queue, const char* method, const char* path,
                               Action action, auto work) {
        router.add(method, path, {}, Right::area(action, "models"),
                   on_queue(queue, std::move(work)));
    };
    add(reads, "GET", "/api/v1/models", Action::read,
        [&engine](const HttpRequest&) -> Result<HttpResponse> {
            json::array all;
            for (const auto& model : engine.list()) all.push_back(describe(model));
            return json_response(all);
        });
    add(changes, "POST", "/api/v1/models", Action::manage,
        [&engine](const HttpRequest& request) { return post(engine, request); });
    add(reads, "GET", "/api/v1/models/{name}", Action::read,
        [&engine](const HttpRequest& request) { return show(engine, request.capture("name")); });
    add(changes, "PUT", "/api/v1/models/{name}", Action::manage,
        [&engine](const HttpRequest& request) { return put(engine, request); });
    add(changes, "DELETE", "/api/v1/models/{name}", Action::manage,
        [&engine](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(engine.remove(request.capture("name")));
            return HttpResponse{204, "", {}, ""};
        });
}

} // namespace holdfast::gateway
