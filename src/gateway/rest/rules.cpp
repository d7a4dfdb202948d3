#include <gateway/rest/json.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/rule_rights.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/rules/check.hpp>
#include <holdfast/rules/dry_run.hpp>
#include <holdfast/rules/engine.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

json::object describe(const rules::RuleCounts& counts) {
    return {{"records_in", counts.records_in},
            {"rows_out", counts.rows_out},
            {"late", counts.late},
            {"clock_back", counts.clock_back},
            {"mismatches", counts.mismatches},
            {"implausible", counts.implausible},
            {"errors", counts.errors},
            {"lost", counts.lost},
            {"alarms_raised", counts.alarms_raised},
            {"alarms_cleared", counts.alarms_cleared}};
}

json::object describe(const rules::RuleInfo& rule) {
    return {{"name", rule.name},
            {"sql", rule.sql},
            {"status", rules::to_string(rule.status)},
            {"reason", rule.reason},
            {"created_ms", rule.created_ms},
            {"made_by", rule.made_by},
            {"lag", rule.lag},
            {"counts", describe(rule.counts)},
            {"last_error", rule.last_error},
            {"warnings", json::array(rule.warnings.begin(), rule.warnings.end())}};
}

Result<std::string> sql_of(const HttpRequest& request) {
    if (request.media_type() != "application/json" && !request.body.starts_with('{'))
        return request.body;
    HF_TRY(const auto body, parse_json(request.body));
    const auto* object = body.if_object();
    const auto* sql = object != nullptr ? object->if_contains("sql") : nullptr;
    if (sql == nullptr || !sql->is_string() || object->size() != 1)
        return fail(Errc::malformed, "the rule is expected as SQL text or as {\"sql\": \"...\"}");
    return std::string(std::string_view(sql->as_string()));
}

// A text past the bounds of the grammar is never taken, however often it is sent.
Result<sql::RuleStatement> parse(const std::string& sql) {
    auto statement = sql::parse_rule(sql);
    if (!statement && statement.error().code == Errc::limit_exceeded)
        return fail(Errc::too_large, statement.error().context);
    return statement;
}

// The statement of the request, where it may become a rule of this server.
Result<sql::RuleStatement> checked(const std::string& sql, const log::Log& log) {
    const auto has_stream = [&log](std::string_view name) {
        return log.find_stream(name) != nullptr;
    };
    HF_TRY(auto statement, parse(sql));
    HF_TRY(rules::check_rule(statement, has_stream));
    return statement;
}

Result<HttpResponse> post(rules::Engine& engine, const log::Log& log, const HttpRequest& request) {
    HF_TRY(const std::string sql, sql_of(request));
    HF_TRY(const auto statement, checked(sql, log));
    HF_TRY(check_rule_rights(request.caller->rights, statement));
    HF_TRY(const auto rule, engine.create(sql, false, maker_of(*request.caller)));
    return json_response(describe(rule), 201);
}

// PUT makes or replaces the rule that its path names, whether its statement says so or not.
Result<HttpResponse> put(rules::Engine& engine, const log::Log& log, const HttpRequest& request) {
    HF_TRY(const std::string sql, sql_of(request));
    HF_TRY(const auto statement, checked(sql, log));
    HF_TRY(check_rule_rights(request.caller->rights, statement));
    const auto name = request.capture("name");
    if (statement.name != name)
        return fail(Errc::malformed, fmt::format("the statement creates rule '{}', the path names "
                                                 "'{}'",
                                                 statement.name, name));
    const bool is_new = !engine.find(name);
    HF_TRY(const auto rule, engine.create(sql, true, maker_of(*request.caller)));
    return json_response(describe(rule), is_new ? 201 : 200);
}

// One event a line. Line breaks between the parts of an event are white space: JSON has no other.
Result<std::string> lines_of_events(std::string_view array) {
    if (!array.starts_with('['))
        return fail(Errc::malformed, "events: an array of {topic, payload, ts?, device?}");
    std::string lines;
    for (const auto& [name, event] : json_slices(array)) {
        for (const char c : event) lines += c == '\n' || c == '\r' ? ' ' : c;
        lines += '\n';
    }
    return lines;
}

Result<HttpResponse> answer_of(const rules::DryRunResult& result) {
    json::array rows;
    for (const auto& text : result.rows) {
        HF_TRY(auto row, parse_json(text));
        rows.push_back(std::move(row));
    }
    json::array messages;
    for (const auto& message : result.messages) {
        const bool to_topic = !message.topic.empty();
        json::object shown{
            {to_topic ? "topic" : "stream", to_topic ? message.topic : message.stream},
            {"device", message.device},
            {"payload", message.payload}};
        if (message.event_ms) shown["ts"] = *message.event_ms;
        messages.push_back(std::move(shown));
    }
    json::array alarms;
    for (const auto& change : result.changes) {
        HF_TRY(auto alarm, parse_json(alarms::to_json(change)));
        alarms.push_back(std::move(alarm));
    }
    return json_response(json::object{{"rows", std::move(rows)},
                                      {"messages", std::move(messages)},
                                      {"alarms", std::move(alarms)},
                                      {"counts", describe(result.counts)},
                                      {"last_error", result.last_error}});
}

// A rule that is tried out holds a thread that others wait for, also at the end of the server.
class Deadline final : public sql::Interrupt {
public:
    explicit Deadline(std::int64_t after_ms) : end_ms_(clock_.monotonic_ms() + after_ms) {}
    [[nodiscard]] bool is_due() const override { return clock_.monotonic_ms() > end_ms_; }

private:
    const SystemClock clock_;
    const std::int64_t end_ms_;
};
constexpr std::int64_t kTestMs = 10'000;

Result<HttpResponse> test_rule(const HttpRequest& request) {
    HF_TRY(const auto body, parse_json(request.body));
    HF_TRY(const auto members, json_members(request.body));
    std::string sql;
    std::string lines;
    for (const auto& [name, slice] : members) {
        const auto& value = body.as_object().at(name);
        if (name == "sql" && value.is_string()) {
            sql = std::string_view(value.as_string());
        } else if (name == "events") {
            HF_TRY(lines, lines_of_events(slice));
        } else {
            return fail(Errc::malformed,
                        fmt::format("'{}' is unknown or of a wrong type; known are sql (text) and "
                                    "events",
                                    name));
        }
    }
    if (sql.empty()) return fail(Errc::malformed, "sql is missing");
    HF_TRY(const auto statement, parse(sql));
    HF_TRY(rules::check_rule(statement, {})); // nothing is read or stored: any stream will do
    HF_TRY(const auto events, rules::parse_events(lines));
    const Deadline deadline(kTestMs);
    const auto result = rules::dry_run(sql, events, true, &deadline);
    if (!result && result.error().code == Errc::limit_exceeded)
        return problem(422, result.error().context);
    HF_TRY(const auto& outcome, result);
    return answer_of(outcome);
}

} // namespace

void add_rule_routes(Router& router, rules::Engine& engine, const log::Log& log, WorkQueue& changes,
                     WorkQueue& reads) {
    const auto add = [&router](WorkQueue& queue, const char* method, const char* path,
                               Action action, auto work) {
        router.add(method, path, {}, Right::area(action, "rules"),
                   on_queue(queue, std::move(work)));
    };
    add(reads, "GET", "/api/v1/rules", Action::read,
        [&engine](const HttpRequest&) -> Result<HttpResponse> {
            json::array all;
            for (const auto& rule : engine.list()) all.push_back(describe(rule));
            return json_response(all);
        });
    add(changes, "POST", "/api/v1/rules", Action::manage,
        [&engine, &log](const HttpRequest& request) { return post(engine, log, request); });
    add(reads, "POST", "/api/v1/rules/test", Action::read, test_rule);
    add(reads, "GET", "/api/v1/rules/{name}", Action::read,
        [&engine](const HttpRequest& request) -> Result<HttpResponse> {
            const auto rule = engine.find(request.capture("name"));
            if (!rule)
                return fail(Errc::not_found,
                            fmt::format("there is no rule '{}'", request.capture("name")));
            return json_response(describe(*rule));
        });
    add(changes, "PUT", "/api/v1/rules/{name}", Action::manage,
        [&engine, &log](const HttpRequest& request) { return put(engine, log, request); });
    add(changes, "DELETE", "/api/v1/rules/{name}", Action::manage,
        [&engine](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(engine.remove(request.capture("name")));
            return HttpResponse{204, "", {}, ""};
        });
    add(changes, "POST", "/api/v1/rules/{name}/pause", Action::manage,
        [&engine](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto rule, engine.pause(request.capture("name")));
            return json_response(describe(rule));
        });
    add(changes, "POST", "/api/v1/rules/{name}/resume", Action::manage,
        [&engine](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto rule, engine.resume(request.capture("name")));
            return json_response(describe(rule));
        });
}

} // namespace holdfast::gateway
