#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/stream_settings.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

template <class Number>
std::optional<Number> number_of(const std::string& text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return number;
}

// Numbers stay numbers.
json::value value_of(const std::string& text) {
    if (const auto whole = number_of<std::int64_t>(text)) return *whole;
    if (const auto number = number_of<double>(text)) return *number;
    return json::value(text);
}

json::object describe(const log::Log& log, const log::Stream& stream) {
    const auto& settings = stream.settings;
    json::array partitions;
    for (PartitionIndex i = 0; i < settings.partitions; ++i) {
        const auto bounds = log.bounds({stream.id, i});
        const auto bytes = log.stored_bytes({stream.id, i});
        if (!bounds || !bytes) continue;
        partitions.push_back(json::object{{"partition", i},
                                          {"log_start_offset", bounds.value().log_start_offset},
                                          {"last_stable_offset", bounds.value().last_stable_offset},
                                          {"high_watermark", bounds.value().high_watermark},
                                          {"bytes", bytes.value()}});
    }
    json::object object{{"name", settings.name}, {"uuid", log::to_string(stream.uuid)}};
    for (const auto& [name, kafka] : log::setting_names()) {
        const auto text = log::setting_text(settings, name);
        if (text) object[name] = value_of(text.value());
    }
    if (settings.internal) object["internal"] = true;
    object["created_ms"] = stream.created_ms;
    object["partitions"] = std::move(partitions);
    return object;
}

// A setting's value as text: numbers and texts have one.
Result<std::string> text_of(std::string_view name, const json::value& value) {
    if (value.is_string()) return std::string(value.as_string());
    if (value.is_int64()) return std::to_string(value.as_int64());
    if (value.is_double()) return fmt::to_string(value.as_double());
    return fail(Errc::malformed, fmt::format("{}: a text or a number is expected", name));
}

Result<void> set(log::StreamSettings& settings, std::string_view name, const json::value& value) {
    if (name == "partitions") {
        if (!value.is_int64() || value.as_int64() < 1 || value.as_int64() > 10'000)
            return fail(Errc::malformed,
                        "partitions: a whole number within 1 .. 10000 is expected");
        settings.partitions = static_cast<PartitionIndex>(value.as_int64());
        return ok();
    }
    HF_TRY(const std::string text, text_of(name, value));
    auto done = log::set_setting(settings, name, text);
    // The stream is there: what is not found is the setting, and the request is wrong.
    if (!done) return fail(Errc::malformed, done.error().context);
    return ok();
}

// Our name of a setting, also of one that was given by Kafka's.
std::string_view our_name(std::string_view given) {
    const auto names = log::setting_names();
    const auto found = std::ranges::find_if(
        names, [&](const log::SettingName& name) { return !given.empty() && name.kafka == given; });
    return found == names.end() ? given : found->name;
}

Result<void> apply(log::StreamSettings& settings, std::string_view body, bool is_new) {
    HF_TRY(const auto parsed, parse_json(body));
    HF_TRY(const auto members, json_members(body));
    std::map<std::string_view, std::string_view> seen; // our name, as it was given
    for (const auto& [name, slice] : members) {
        const auto [other, is_first] = seen.emplace(our_name(name), name);
        if (!is_first)
            return fail(Errc::malformed,
                        fmt::format("'{}' and '{}' are one setting", other->second, name));
        const json::value& value = parsed.as_object().at(name);
        if (name == "name" && is_new && value.is_string()) {
            settings.name = std::string_view(value.as_string());
        } else {
            HF_TRY(set(settings, name, value));
        }
    }
    return ok();
}

Result<std::shared_ptr<const log::Stream>> find(const log::Log& log, std::string_view name) {
    auto stream = log.find_stream(name);
    if (!stream) return fail(Errc::not_found, fmt::format("there is no stream '{}'", name));
    return stream;
}

} // namespace

void add_stream_routes(Router& router, log::Log& log, StreamUsers users,
                       std::function<void()> changed, WorkQueue& queue) {
    using Names = std::initializer_list<std::string_view>;
    const auto add = [&](const char* method, const char* path, Names query, Right right,
                         auto work) {
        router.add(method, path, query, std::move(right), on_queue(queue, std::move(work)));
    };
    add("GET", "/api/v1/streams", {"internal"},
        Right::by_handler(Action::read, access::ResourceKind::stream),
        [&log](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const bool with_internal, request.flag("internal", false));
            json::array all;
            const access::Rights& rights = request.caller->rights;
            for (const auto& stream : log.streams())
                if ((with_internal || !stream->settings.internal) &&
                    rights.allows(Action::read, access::Resource::stream(stream->settings.name)))
                    all.push_back(describe(log, *stream));
            return json_response(all);
        });
    add("POST", "/api/v1/streams", {},
        Right::by_handler(Action::manage, access::ResourceKind::stream),
        [&log, changed](const HttpRequest& request) -> Result<HttpResponse> {
            log::StreamSettings settings;
            HF_TRY(apply(settings, request.body, true));
            HF_TRY(check_right(request.caller->rights, Action::manage,
                               access::Resource::stream(settings.name)));
            HF_TRY(const auto stream, log.create_stream(settings));
            changed();
            return json_response(describe(log, *stream), 201);
        });
    add("GET", "/api/v1/streams/{name}", {}, Right::stream(Action::read, "name"),
        [&log](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto stream, find(log, request.capture("name")));
            return json_response(describe(log, *stream));
        });
    add("GET", "/api/v1/streams/{name}/offsets", {"time_ms"}, Right::stream(Action::read, "name"),
        [&log](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto stream, find(log, request.capture("name")));
            HF_TRY(const auto time_ms, request.time_ms("time_ms"));
            if (!time_ms) return fail(Errc::malformed, "time_ms: a time is expected");
            json::array offsets;
            for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
                HF_TRY(const Offset offset, log.offset_at({stream->id, i}, *time_ms));
                offsets.push_back(json::object{{"partition", i}, {"offset", offset}});
            }
            return json_response(offsets);
        });
    add("PATCH", "/api/v1/streams/{name}", {}, Right::stream(Action::manage, "name"),
        [&log, changed](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto stream, find(log, request.capture("name")));
            auto settings = stream->settings;
            HF_TRY(apply(settings, request.body, false));
            HF_TRY(const auto altered, log.alter_stream(settings));
            changed();
            return json_response(describe(log, *altered));
        });
    add("DELETE", "/api/v1/streams/{name}", {}, Right::stream(Action::manage, "name"),
        [&log, users, changed](const HttpRequest& request) -> Result<HttpResponse> {
            const auto name = request.capture("name");
            HF_TRY(find(log, name));
            if (const auto all = users(name); !all.empty())
                return problem(
                    409, fmt::format("stream '{}' is in use: {}", name, fmt::join(all, "; ")));
            HF_TRY(log.delete_stream(name));
            changed();
            return HttpResponse{204, "", {}, ""};
        });
}

} // namespace holdfast::gateway
