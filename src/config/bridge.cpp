#include <config/sections.hpp>

#include <config/map_reader.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::config {

void read_bridge(const YAML::Node& node, const std::vector<StreamConfig>& streams,
                 std::vector<RouteConfig>& out, Mistakes& mistakes) {
    if (!node.IsSequence()) {
        mistakes.add(node.Mark(), "bridge", "a list of routes is expected");
        return;
    }
    out.clear();
    for (const auto& item : node) {
        const std::string path = fmt::format("bridge[{}]", out.size());
        MapReader map(item, path, mistakes);
        RouteConfig& route = out.emplace_back();
        map.text("topic", route.topic);
        map.text("stream", route.stream);
        map.text("device", route.device);
        map.finish();
        route.where = mistakes.where(item.Mark(), path);
        if (!item.IsMap()) continue;
        if (route.topic.empty()) map.wrong(item, "topic", "is missing");
        if (route.stream.empty())
            map.wrong(item, "stream", "is missing");
        else if (route.stream == "audit")
            map.wrong(item, "stream", "only the server itself writes into 'audit'");
        else if (std::ranges::find(streams, route.stream, &StreamConfig::name) == streams.end())
            map.wrong(item, "stream",
                      fmt::format("there is no stream '{}' under `streams`", route.stream));
    }
}

} // namespace holdfast::config
