#include <gateway/rest/json.hpp>
#include <holdfast/config/pipeline_file.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/training_api.hpp>
#include <holdfast/models/predictions.hpp>
#include <holdfast/pipeline/version_store.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

// What is not finite is null, since JSON has no word for it.
json::value number(double value) {
    return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

json::array describe(const std::vector<ml::DataRange>& data) {
    json::array out;
    for (const auto& range : data)
        out.push_back(json::object{{"stream", range.stream},
                                   {"partition", range.partition},
                                   {"first_offset", range.first_offset},
                                   {"end_offset", range.end_offset}});
    return out;
}

json::object describe(const std::vector<ml::Figure>& figures) {
    json::object out;
    for (const auto& figure : figures) out[figure.name] = number(figure.value);
    return out;
}

json::object describe(const pipeline::VersionInfo& version) {
    json::object out{
        {"version", version.number}, {"promoted", version.is_promoted}, {"bytes", version.bytes}};
    if (!version.damage.empty()) {
        out["damaged"] = true;
        out["damage"] = version.damage;
        return out;
    }
    out["trained_ms"] = version.trained_ms;
    out["made_by"] = version.made_by;
    out["seed"] = version.seed;
    out["first_event_ms"] = version.first_event_ms;
    out["last_event_ms"] = version.last_event_ms;
    out["data"] = describe(version.data);
    out["figures"] = describe(version.figures);
    return out;
}

json::object describe(const pipeline::VersionedModel& model) {
    json::array versions;
    for (const auto& version : model.versions) versions.push_back(describe(version));
    json::object out{{"model", model.name}, {"promoted", nullptr}, {"in_use", nullptr}};
    if (model.promoted) out["promoted"] = *model.promoted;
    if (model.in_use) out["in_use"] = *model.in_use;
    out["versions"] = std::move(versions);
    return out;
}

Result<std::uint64_t> number_from(std::string_view text) {
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || out == 0)
        return fail(Errc::malformed, fmt::format("'{}' is no version: a number is expected", text));
    return out;
}

Result<std::uint64_t> number_of(const HttpRequest& request, std::string_view capture) {
    return number_from(request.capture(capture));
}

// Which of those that were in use before a roll-back goes to; nothing: the last of them.
Result<std::optional<std::uint64_t>> goal_of(const HttpRequest& request) {
    const auto text = request.query_value("version");
    if (!text) return std::optional<std::uint64_t>();
    HF_TRY(const auto number, number_from(*text));
    return std::optional(number);
}

// A version that is damaged is in the way of what was asked, not of the server: 409.
Error as_conflict(Error why) {
    if (why.code == Errc::corrupt) why.code = Errc::out_of_order;
    return why;
}

Result<HttpResponse> show(const pipeline::VersionStore& versions, const HttpRequest& request) {
    HF_TRY(const auto number, number_of(request, "version"));
    HF_TRY(const auto stored, versions.read(request.capture("name"), number));
    json::object out = describe(stored.info);
    out["pipeline"] = stored.model.pipeline;
    HF_TRY(out["report"], parse_json(stored.report));
    return json_response(out);
}

// A model in use reads for whoever took it into use, and shows him what it sees.
Result<void> check_source(const pipeline::StoredVersion& stored, const HttpRequest& request) {
    HF_TRY(const auto file, config::parse_pipeline(stored.model.pipeline, "pipeline"));
    if (file.source.stream.empty()) return ok();
    return check_right(request.caller->rights, Action::read,
                       access::Resource::stream(file.source.stream));
}

// Figures that both have, with the way from one to the other.
json::object compare(const std::vector<ml::Figure>& from, const std::vector<ml::Figure>& to) {
    json::object out;
    for (const auto& figure : from) {
        const auto other = std::ranges::find(to, figure.name, &ml::Figure::name);
        if (other == to.end()) continue;
        out[figure.name] = json::object{{"a", number(figure.value)},
                                        {"b", number(other->value)},
                                        {"change", number(other->value - figure.value)}};
    }
    return out;
}

Result<HttpResponse> compare(const pipeline::VersionStore& versions, const HttpRequest& request) {
    const auto name = request.capture("name");
    HF_TRY(const auto a, number_of(request, "version"));
    HF_TRY(const auto b, number_of(request, "other"));
    HF_TRY(const auto from, versions.read(name, a));
    HF_TRY(const auto to, versions.read(name, b));
    return json_response(json::object{{"model", name},
                                      {"a", describe(from.info)},
                                      {"b", describe(to.info)},
                                      {"same_pipeline", from.model.pipeline == to.model.pipeline},
                                      {"same_data", from.info.data == to.info.data},
                                      {"figures", compare(from.info.figures, to.info.figures)}});
}

Result<HttpResponse> show_model(const pipeline::VersionStore& versions, std::string_view name) {
    HF_TRY(const auto model, versions.find(name));
    return json_response(describe(model));
}

} // namespace

void add_version_routes(Router& router, pipeline::VersionStore& versions,
                        models::Predictions& predictions, WorkQueue& changes, WorkQueue& reads) {
    const auto add = [&router](WorkQueue& queue, const char* method, const char* path,
                               Action action, auto work) {
        router.add(method, path, {}, Right::area(action, "models"),
                   on_queue(queue, std::move(work)));
    };
    const auto in_use = [&versions, &predictions](const HttpRequest& request, std::uint64_t number,
                                                  const char* how) -> Result<HttpResponse> {
        const auto name = request.capture("name");
        HF_TRY(predictions.follow(name, maker_of(*request.caller)));
        HF_TRY(auto response, show_model(versions, name));
        response.note = fmt::format("version {} of model '{}' is in use{}", number, name, how);
        return response;
    };
    add(reads, "GET", "/api/v1/trained", Action::read,
        [&versions](const HttpRequest&) -> Result<HttpResponse> {
            json::array all;
            for (const auto& model : versions.list()) all.push_back(describe(model));
            return json_response(all);
        });
    add(reads, "GET", "/api/v1/models/{name}/versions", Action::read,
        [&versions](const HttpRequest& request) {
            return show_model(versions, request.capture("name"));
        });
    add(reads, "GET", "/api/v1/models/{name}/versions/{version}", Action::read,
        [&versions](const HttpRequest& request) { return show(versions, request); });
    add(reads, "GET", "/api/v1/models/{name}/versions/{version}/compare/{other}", Action::read,
        [&versions](const HttpRequest& request) { return compare(versions, request); });
    add(changes, "POST", "/api/v1/models/{name}/versions/{version}/promote", Action::manage,
        [&versions, in_use](const HttpRequest& request) -> Result<HttpResponse> {
            const auto name = request.capture("name");
            HF_TRY(const auto number, number_of(request, "version"));
            const auto stored = versions.read(name, number);
            if (!stored) return as_conflict(stored.error());
            HF_TRY(check_source(stored.value(), request));
            const auto promoted = versions.promote(name, number);
            if (!promoted) return as_conflict(promoted.error());
            return in_use(request, number, "");
        });
    router.add(
        "POST", "/api/v1/models/{name}/rollback", {"version"},
        Right::area(Action::manage, "models"),
        on_queue(changes, [&versions, in_use](const HttpRequest& request) -> Result<HttpResponse> {
            const auto name = request.capture("name");
            HF_TRY(const auto goal, goal_of(request));
            const auto before = versions.before(name, goal);
            if (!before) return as_conflict(before.error());
            HF_TRY(check_source(before.value(), request));
            const auto number = versions.roll_back(name, goal);
            if (!number) return as_conflict(number.error());
            return in_use(request, number.value(), " again");
        }));
    add(changes, "DELETE", "/api/v1/models/{name}/versions", Action::manage,
        [&](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(versions.remove(request.capture("name")));
            HF_TRY(predictions.follow(request.capture("name")));
            return HttpResponse{204, "", {}, ""};
        });
}

} // namespace holdfast::gateway
