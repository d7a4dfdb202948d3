#include <holdfast/gateway/rest/live.hpp>

#include <gateway/rest/live_body.hpp>
#include <gateway/rest/live_places.hpp>
#include <gateway/rest/live_source.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

using access::Action;
using access::Resource;

constexpr std::size_t kFiltersMax = 16;
constexpr std::size_t kStreamsMax = 8;
constexpr PartitionIndex kPartitionsMax = 256; // of all streams of one connection

// `a,b`, where it is given at all. A topic filter may have a comma: `topics` may not name such.
std::vector<std::string> list_of(const HttpRequest& request, std::string_view name) {
    std::vector<std::string> out;
    auto rest = request.query_value(name).value_or("");
    while (!rest.empty()) {
        const auto one = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        out.emplace_back(one);
    }
    return out;
}

Result<void> check_count(std::string_view name, std::size_t count, std::size_t max) {
    if (count <= max) return ok();
    return fail(Errc::malformed, fmt::format("{}: at most {} at once", name, max));
}

Result<std::vector<std::string>> read_filters(const HttpRequest& request) {
    auto filters = list_of(request, "topics");
    HF_TRY(check_count("topics", filters.size(), kFiltersMax));
    for (const std::string& filter : filters)
        if (!topic::is_topic_filter(filter))
            return fail(Errc::malformed, fmt::format("topics: '{}' is no topic filter", filter));
    return filters;
}

// Each from its end, or from where the client was.
Result<std::vector<LiveStreamPosition>> read_streams(const log::Log& log,
                                                     const HttpRequest& request) {
    std::vector<LiveStreamPosition> streams;
    PartitionIndex partitions = 0;
    for (const std::string& name : list_of(request, "streams")) {
        HF_TRY(check_right(request.caller->rights, Action::read, Resource::stream(name)));
        const auto stream = log.find_stream(name);
        if (!stream) return fail(Errc::not_found, fmt::format("there is no stream '{}'", name));
        LiveStreamPosition& position = streams.emplace_back();
        position.name = name;
        position.id = stream->id;
        partitions += stream->settings.partitions;
        HF_TRY(check_count("streams: partitions", partitions, kPartitionsMax));
        for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
            HF_TRY(const auto bounds, log.bounds({stream->id, i}));
            position.positions.emplace_back(i, bounds.last_stable_offset);
        }
    }
    HF_TRY(check_count("streams", streams.size(), kStreamsMax));
    const auto id = request.header("last-event-id");
    if (!id) return streams;
    HF_TRY(const auto known, from_live_id(*id));
    for (const LiveStreamPosition& was : known) {
        const auto is = std::ranges::find(streams, was.name, &LiveStreamPosition::name);
        if (is == streams.end()) continue; // of another choice
        for (const auto& [partition, next] : was.positions)
            if (partition < is->positions.size()) is->positions[partition].second = next;
    }
    return streams;
}

Result<std::vector<std::unique_ptr<LiveSource>>> read_sources(const LiveParts& parts,
                                                              const HttpRequest& request) {
    std::vector<std::unique_ptr<LiveSource>> sources;
    const access::Rights& rights = request.caller->rights;
    HF_TRY(auto filters, read_filters(request));
    HF_TRY(const bool wants_alarms, request.flag("alarms", false));
    HF_TRY(const bool wants_metrics, request.flag("metrics", false));
    HF_TRY(auto streams, read_streams(parts.log, request));
    if (wants_alarms) {
        HF_TRY(check_right(rights, Action::read, Resource::area("alarms")));
        sources.push_back(make_live_alarms(parts.alarms));
    }
    if (wants_metrics) {
        HF_TRY(check_right(rights, Action::read, Resource::area("metrics")));
        sources.push_back(make_live_metrics(parts.metrics, parts.clock));
    }
    if (!filters.empty())
        sources.push_back(
            make_live_topics(parts.topics, parts.log, parts.clock, std::move(filters), rights));
    if (!streams.empty()) sources.push_back(make_live_records(parts.log, std::move(streams)));
    if (sources.empty())
        return fail(Errc::malformed,
                    "nothing is asked for: name topics, alarms, metrics or streams");
    return sources;
}

void serve(const LiveParts& parts, const std::shared_ptr<LivePlaces>& places, WorkQueue& queue,
           const HttpRequest& request, const Reply& reply) {
    LiveSettings settings;
    auto place = LivePlaces::take(places, request.caller->principal.name);
    if (!place) return reply.send(problem(503, place.error().context));
    settings.place = std::move(place).value();
    // Before rights are asked for: who loses one from here on is told by the version.
    const std::uint64_t version = request.caller->version;
    const std::uint64_t now = parts.rights_version();
    settings.is_good = [&parts, version = version != 0 ? version : now] {
        return parts.rights_version() == version;
    };
    auto sources = read_sources(parts, request);
    if (!sources) return reply.send(problem(sources.error()));
    settings.sources = std::move(sources).value();
    HttpResponse response{200, "text/event-stream", {{"Cache-Control", "no-store"}}};
    response.stream = make_live_body(queue, reply, std::move(settings));
    reply.send(std::move(response));
}

} // namespace

void add_live_route(Router& router, LiveParts parts, WorkQueue& queue) {
    const auto shared = std::make_shared<const LiveParts>(std::move(parts));
    router.add("GET", "/api/v1/live", {"topics", "alarms", "metrics", "streams"},
               Right::by_handler(Action::subscribe, access::ResourceKind::topic),
               [shared, &queue, places = std::make_shared<LivePlaces>()](HttpRequest request,
                                                                         const Reply& reply) {
                   const bool pushed =
                       queue.try_push([shared, &queue, places, reply, asked = std::move(request)] {
                           serve(*shared, places, queue, asked, reply);
                       });
                   if (!pushed)
                       reply.send(problem(503, "too many requests are waiting; try again later"));
               });
}

} // namespace holdfast::gateway
