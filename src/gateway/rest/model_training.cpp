#include <gateway/rest/json.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/training_api.hpp>
#include <holdfast/pipeline/training_service.hpp>
#include <holdfast/query/pipeline_source.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

constexpr std::size_t kPipelineBytesMax = 256 * 1024;
constexpr const char* kOrigin = "pipeline"; // stands for the file in errors

json::object describe(const pipeline::TrainingInfo& training) {
    json::object out{{"id", training.id},
                     {"model", training.model},
                     {"made_by", training.made_by},
                     {"state", pipeline::to_string(training.state)},
                     {"progress", training.progress},
                     {"submitted_ms", training.submitted_ms}};
    const auto add_where = [&out](std::string_view name, auto value) {
        if (value != decltype(value)()) out[name] = value;
    };
    add_where("began_ms", training.began_ms);
    add_where("ended_ms", training.ended_ms);
    add_where("version", training.version);
    if (!training.error.empty()) out["error"] = training.error;
    return out;
}

query::MayRead rights_of(const HttpRequest& request) {
    return [caller = request.caller](query::SourceKind kind, std::string_view name) {
        if (kind == query::SourceKind::stream)
            return check_right(caller->rights, Action::read, access::Resource::stream(name));
        return check_right(caller->rights, Action::read, access::Resource::area(name));
    };
}

// When the rows are read, which may be much later, he may have lost what he had.
query::MayRead rights_then(query::MayRead when_asked, StreamRefusalOf refusal_of,
                           std::string user) {
    return [when_asked = std::move(when_asked), refusal_of = std::move(refusal_of),
            user = std::move(user)](query::SourceKind kind, std::string_view name) -> Result<void> {
        HF_TRY(when_asked(kind, name));
        if (kind != query::SourceKind::stream || user.empty()) return ok();
        if (auto why = refusal_of(user, std::string(name)); !why.empty())
            return fail(Errc::denied, std::move(why));
        return ok();
    };
}

Result<pipeline::Plan> plan_of(const HttpRequest& request) {
    if (request.body.size() > kPipelineBytesMax)
        return fail(Errc::malformed, fmt::format("the pipeline has {} bytes, at most {} are taken",
                                                 request.body.size(), kPipelineBytesMax));
    if (!is_utf8(request.body)) return fail(Errc::malformed, "the pipeline is no valid UTF-8");
    HF_TRY(auto file, config::parse_pipeline(request.body, kOrigin));
    const auto name = request.capture("name");
    if (file.name != name)
        return fail(Errc::malformed, fmt::format("{}: it makes '{}', the path names '{}'",
                                                 file.where("name"), file.name, name));
    return pipeline::check_pipeline(std::move(file));
}

Result<HttpResponse> train(pipeline::TrainingService& trainings,
                           const query::PipelineSource& source, const StreamRefusalOf& refusal_of,
                           const HttpRequest& request) {
    HF_TRY(auto plan, plan_of(request));
    HF_TRY(source.check(plan, rights_of(request)));
    const auto may_read = rights_then(rights_of(request), refusal_of, maker_of(*request.caller));
    const auto read = [&source, may_read](const pipeline::Plan& of, pipeline::Samples& out,
                                          const ml::RunControl& control) {
        return source.read(of, may_read, out, control);
    };
    HF_TRY(const auto training, trainings.submit(std::move(plan), maker_of(*request.caller), read));
    auto response = json_response(describe(training), 202);
    response.headers.emplace_back("Location", "/api/v1/trainings/" + training.id);
    return response;
}

Result<HttpResponse> show(const pipeline::TrainingService& trainings, std::string_view id) {
    const auto training = trainings.find(id);
    if (!training) return fail(Errc::not_found, fmt::format("there is no training '{}'", id));
    return json_response(describe(*training));
}

Result<HttpResponse> cancel(pipeline::TrainingService& trainings, std::string_view id) {
    HF_TRY(trainings.cancel(id));
    return show(trainings, id);
}

} // namespace

void add_training_routes(Router& router, pipeline::TrainingService& trainings,
                         const query::PipelineSource& source, StreamRefusalOf refusal_of,
                         WorkQueue& changes, WorkQueue& reads) {
    const auto add = [&router](WorkQueue& queue, const char* method, const char* path,
                               Action action, auto work) {
        router.add(method, path, {}, Right::area(action, "models"),
                   on_queue(queue, std::move(work)));
    };
    add(changes, "POST", "/api/v1/models/{name}/train", Action::manage,
        [&trainings, &source, refusal_of = std::move(refusal_of)](const HttpRequest& request) {
            return train(trainings, source, refusal_of, request);
        });
    add(reads, "GET", "/api/v1/trainings", Action::read,
        [&trainings](const HttpRequest&) -> Result<HttpResponse> {
            json::array all;
            for (const auto& training : trainings.list()) all.push_back(describe(training));
            return json_response(all);
        });
    add(reads, "GET", "/api/v1/trainings/{id}", Action::read,
        [&trainings](const HttpRequest& request) {
            return show(trainings, request.capture("id"));
        });
    add(changes, "DELETE", "/api/v1/trainings/{id}", Action::manage,
        [&trainings](const HttpRequest& request) {
            return cancel(trainings, request.capture("id"));
        });
}

} // namespace holdfast::gateway
