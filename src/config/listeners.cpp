#include <config/sections.hpp>

#include <config/endpoint.hpp>
#include <config/map_reader.hpp>

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
    map.finish();
}

} // namespace holdfast::config
