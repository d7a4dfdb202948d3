#include <gateway/rest/json.hpp>
#include <gateway/rest/query_answer.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

constexpr std::int64_t kTimeoutMsMax = 600'000;

struct Asked {
    query::Request request;
    query::ResultFormat format = query::ResultFormat::json;
};

Result<query::Parameter> parameter_of(const json::value& value, std::string_view name) {
    switch (value.kind()) {
        case json::kind::null: return query::Parameter();
        case json::kind::bool_: return query::Parameter(value.get_bool());
        case json::kind::int64: return query::Parameter(value.get_int64());
        case json::kind::double_: return query::Parameter(value.get_double());
        case json::kind::uint64: return query::Parameter(static_cast<double>(value.get_uint64()));
        case json::kind::string: return query::Parameter(std::string(value.get_string()));
        default:
            return fail(
                Errc::malformed,
                fmt::format("params: {} is neither text, a number, true, false nor null", name));
    }
}

// `[1, "x"]` for $1, $2, or `{"device": "x"}` for :device.
Result<void> read_params(const json::value& params, query::Request& request) {
    if (const auto* array = params.if_array()) {
        for (const json::value& value : *array) {
            const auto name = fmt::format("${}", request.numbered.size() + 1);
            HF_TRY(auto parameter, parameter_of(value, name));
            request.numbered.push_back(std::move(parameter));
        }
        return ok();
    }
    const auto* object = params.if_object();
    if (object == nullptr)
        return fail(Errc::malformed,
                    "params: an array (for $1) or an object (for :name) is expected");
    for (const auto& [name, value] : *object) {
        HF_TRY(auto parameter, parameter_of(value, std::string_view(name)));
        request.named.emplace_back(std::string(name), std::move(parameter));
    }
    return ok();
}

Result<query::ResultFormat> format_of(const std::string& name) {
    if (const auto format = query::result_format_from(name)) return *format;
    return fail(Errc::malformed, fmt::format("format: '{}' is none of json, ndjson, csv", name));
}

Result<Asked> read_json(const std::string& body) {
    HF_TRY(const auto document, parse_json(body));
    HF_TRY(const auto members, json_members(body)); // an object, each name once
    Asked asked;
    for (const auto& [name, slice] : members) {
        const json::value& value = document.as_object().at(name);
        if (name == "sql" && value.is_string()) {
            asked.request.sql = std::string(value.get_string());
        } else if (name == "params") {
            HF_TRY(read_params(value, asked.request));
        } else if (name == "format" && value.is_string()) {
            HF_TRY(asked.format, format_of(std::string(value.get_string())));
        } else if (name == "timeout_ms" && value.is_int64() && value.get_int64() >= 1 &&
                   value.get_int64() <= kTimeoutMsMax) {
            asked.request.timeout_ms = value.get_int64();
        } else if (name == "sql" || name == "format") {
            return fail(Errc::malformed, fmt::format("{}: text is expected", name));
        } else if (name == "timeout_ms") {
            return fail(Errc::malformed,
                        fmt::format("timeout_ms: a whole number of 1 to {}", kTimeoutMsMax));
        } else {
            return fail(Errc::malformed,
                        fmt::format("'{}' is none of sql, params, format, timeout_ms", name));
        }
    }
    if (asked.request.sql.empty()) return fail(Errc::malformed, "sql: is missing");
    return asked;
}

// JSON, or the statement itself as text: `curl -d 'SELECT 1' .../query?format=csv`.
Result<Asked> read_request(const HttpRequest& request) {
    const bool is_json =
        request.media_type() == "application/json" || request.body.starts_with('{');
    Asked asked;
    if (is_json) {
        HF_TRY(asked, read_json(request.body));
    } else {
        asked.request.sql = request.body;
        if (request.body.empty())
            return fail(Errc::malformed, "the body is the query: it is empty");
    }
    if (const auto format = request.query_value("format")) {
        HF_TRY(asked.format, format_of(std::string(*format)));
    }
    return asked;
}

// The table `streams` has no area: who may read none of them sees an empty one.
Result<void> may_read(const access::Rights& rights, query::SourceKind kind, std::string_view name) {
    using access::Action;
    using access::Resource;
    if (kind == query::SourceKind::stream)
        return check_right(rights, Action::read, Resource::stream(name));
    if (access::is_area(name)) return check_right(rights, Action::read, Resource::area(name));
    return ok();
}

} // namespace

void add_query_route(Router& router, query::Engine& engine) {
    const auto ask = [&engine](const HttpRequest& request, const Reply& reply) {
        auto asked = read_request(request);
        if (!asked) return reply.send(problem(asked.error()));
        auto answer = std::make_shared<QueryAnswer>(asked.value().format, reply);
        query::Request query = std::move(asked.value().request);
        query.stop = answer->stop_token();
        query.may_read = [caller = request.caller](query::SourceKind kind, std::string_view name) {
            return may_read(caller->rights, kind, name);
        };
        const auto submitted = engine.submit(
            std::move(query), answer,
            [answer](Result<query::Summary> outcome) { answer->done(std::move(outcome)); });
        if (!submitted) reply.send(problem(submitted.error()));
    };
    router.add("POST", "/api/v1/query", {"format"}, Right::area(access::Action::read, "query"),
               ask);
}

} // namespace holdfast::gateway
