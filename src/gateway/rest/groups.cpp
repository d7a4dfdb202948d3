#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/group_offsets.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;
using access::Resource;

// Records that the group has not read; those that retention took do not count.
Result<std::int64_t> lag_of(const log::Log& log, const log::GroupOffset& offset) {
    HF_TRY(const auto bounds, log.bounds(offset.partition));
    const Offset next = std::max(offset.offset, bounds.log_start_offset);
    return std::max<std::int64_t>(0, bounds.last_stable_offset - next);
}

// Only of streams that the caller may read: how much others hold is not for all.
Result<json::object> describe(const log::Log& log, const log::GroupOffsets& groups,
                              const access::Rights& rights, std::string_view name) {
    HF_TRY(const auto offsets, groups.of(name));
    if (offsets.empty()) return fail(Errc::not_found, fmt::format("there is no group '{}'", name));
    json::array partitions;
    std::int64_t sum = 0;
    for (const log::GroupOffset& offset : offsets) {
        const auto stream = log.find_stream(offset.partition.stream);
        if (!stream) continue; // deleted: the next expiry forgets it
        if (!rights.allows(Action::read, Resource::stream(stream->settings.name))) continue;
        HF_TRY(const std::int64_t lag, lag_of(log, offset));
        sum += lag;
        partitions.push_back(json::object{{"stream", stream->settings.name},
                                          {"partition", offset.partition.index},
                                          {"offset", offset.offset},
                                          {"lag", lag},
                                          {"metadata", offset.metadata},
                                          {"committed_ms", offset.committed_ms}});
    }
    return json::object{{"group", name}, {"lag", sum}, {"partitions", std::move(partitions)}};
}

Result<std::int64_t> integer(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_int64())
        return fail(Errc::malformed, fmt::format("{}: a whole number is expected", name));
    return value->as_int64();
}

// Where one element of the body wants the group to stand.
Result<Offset> wanted_offset(const log::Log& log, PartitionId partition,
                             const json::object& object) {
    HF_TRY(const auto bounds, log.bounds(partition));
    if (const json::value* to = object.if_contains("to")) {
        if (*to == json::value("start")) return bounds.log_start_offset;
        if (*to == json::value("end")) return bounds.last_stable_offset;
        return fail(Errc::malformed, "to: \"start\" or \"end\" is expected");
    }
    if (object.contains("time_ms")) {
        HF_TRY(const std::int64_t time_ms, json_time_ms("time_ms", object.at("time_ms")));
        return log.offset_at(partition, time_ms);
    }
    HF_TRY(const Offset offset, integer(object, "offset"));
    if (offset < bounds.log_start_offset || offset > bounds.high_watermark)
        return fail(Errc::malformed, fmt::format("offset: {} is outside {} to {}", offset,
                                                 bounds.log_start_offset, bounds.high_watermark));
    return offset;
}

Result<void> check_members(const json::object& object) {
    int places = 0;
    for (const auto& [key, value] : object) {
        const std::string_view name = key;
        const bool is_place = name == "offset" || name == "time_ms" || name == "to";
        places += is_place ? 1 : 0;
        if (!is_place && name != "stream" && name != "partition" && name != "metadata")
            return fail(Errc::malformed, fmt::format("'{}' is not a member of an offset", name));
    }
    if (places != 1) return fail(Errc::malformed, "one of offset, time_ms and to is expected");
    return ok();
}

// One element: of one partition, or of all of its stream where none is named.
Result<void> read_element(const log::Log& log, const access::Rights& rights,
                          const json::value& value, std::vector<log::GroupOffset>& offsets) {
    if (!value.is_object()) return fail(Errc::malformed, "an object is expected");
    const json::object& object = value.as_object();
    HF_TRY(check_members(object));
    const json::value* name = object.if_contains("stream");
    if (name == nullptr || !name->is_string())
        return fail(Errc::malformed, "stream: a name is expected");
    const auto stream = log.find_stream(std::string_view(name->as_string()));
    if (!stream)
        return fail(Errc::not_found,
                    fmt::format("there is no stream '{}'", std::string_view(name->as_string())));
    HF_TRY(check_right(rights, Action::read, Resource::stream(stream->settings.name)));
    PartitionIndex first = 0;
    PartitionIndex end = stream->settings.partitions;
    if (object.contains("partition")) {
        HF_TRY(const std::int64_t index, integer(object, "partition"));
        if (index < 0 || index >= std::int64_t{end})
            return fail(Errc::malformed,
                        fmt::format("partition: {} is outside 0 to {}", index, end - 1));
        first = static_cast<PartitionIndex>(index);
        end = first + 1;
    }
    for (PartitionIndex i = first; i < end; ++i) {
        log::GroupOffset offset{{stream->id, i}, 0, -1, "", 0};
        HF_TRY(offset.offset, wanted_offset(log, offset.partition, object));
        if (const json::value* metadata = object.if_contains("metadata")) {
            if (!metadata->is_string())
                return fail(Errc::malformed, "metadata: a text is expected");
            offset.metadata = std::string_view(metadata->as_string());
        }
        offsets.push_back(std::move(offset));
    }
    return ok();
}

Result<std::vector<log::GroupOffset>> read_offsets(const log::Log& log,
                                                   const access::Rights& rights,
                                                   std::string_view body) {
    HF_TRY(const auto parsed, parse_json(body));
    if (!parsed.is_array() || parsed.as_array().empty())
        return fail(Errc::malformed, "an array of offsets is expected");
    std::vector<log::GroupOffset> offsets;
    const json::array& elements = parsed.as_array();
    const JsonSlices slices = json_slices(body);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        const auto members = json_members(slices[i].second);
        const Result<void> read = members ? read_element(log, rights, elements[i], offsets)
                                          : Result<void>(members.error());
        if (!read)
            return fail(read.error().code, fmt::format("offset {}: {}", i, read.error().context));
    }
    return offsets;
}

} // namespace

void add_group_routes(Router& router, log::Log& log, log::GroupOffsets& groups, WorkQueue& queue) {
    const auto add = [&](const char* method, const char* path, Right right, auto work) {
        router.add(method, path, {}, std::move(right), on_queue(queue, std::move(work)));
    };
    add("GET", "/api/v1/groups", Right::area(Action::read, "groups"),
        [&log, &groups](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto names, groups.groups());
            json::array all;
            for (const std::string& name : names) {
                auto described = describe(log, groups, request.caller->rights, name);
                if (described) all.push_back(std::move(described).value());
            }
            return json_response(all);
        });
    add("GET", "/api/v1/groups/{group}", Right::area(Action::read, "groups"),
        [&log, &groups](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto described,
                   describe(log, groups, request.caller->rights, request.capture("group")));
            return json_response(described);
        });
    add("PUT", "/api/v1/groups/{group}/offsets", Right::area(Action::manage, "groups"),
        [&log, &groups](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto offsets, read_offsets(log, request.caller->rights, request.body));
            HF_TRY(groups.commit(request.capture("group"), offsets));
            HF_TRY(const auto described,
                   describe(log, groups, request.caller->rights, request.capture("group")));
            return json_response(described);
        });
    add("DELETE", "/api/v1/groups/{group}", Right::area(Action::manage, "groups"),
        [&groups](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(groups.remove(request.capture("group")));
            return HttpResponse{204, "", {}, ""};
        });
}

} // namespace holdfast::gateway
