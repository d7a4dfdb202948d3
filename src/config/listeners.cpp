#include <config/sections.hpp>

#include <config/endpoint.hpp>
#include <config/map_reader.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace holdfast::config {
namespace {

void read_listener(MapReader& map, std::string_view key, std::optional<Endpoint>& out) {
    const auto node = map.scalar(key, "address:port or off");
    if (!node) return;
    if (node->Scalar() == "off") {
        out.reset();
        return;
    }
    auto endpoint = parse_endpoint(node->Scalar());
    if (endpoint)
        out = std::move(endpoint).value();
    else
        map.wrong(*node, key, endpoint.error().context);
}

} // namespace

void read_listeners(YAML::Node node, Listeners& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "listeners", mistakes);
    read_listener(map, "mqtt", out.mqtt);
    read_listener(map, "http", out.http);
    for (const std::string_view key : {"kafka", "amqp"}) {
        const auto listener = map.scalar(key, "off");
        if (listener && listener->Scalar() != "off")
            map.wrong(*listener, key, "not served by this version yet: only `off`");
    }
    if (out.mqtt && out.http && *out.mqtt == *out.http && out.http->port != 0) {
        // One of them may stand at its default, where no line could be named.
        const bool is_http = map.take("http").has_value();
        const std::string_view key = is_http ? "http" : "mqtt";
        map.wrong(map.node()[std::string(key)], key,
                  fmt::format("{}:{} is the port of listeners.{} too", out.http->address,
                              out.http->port, is_http ? "mqtt" : "http"));
    }
    map.finish();
}

} // namespace holdfast::config
