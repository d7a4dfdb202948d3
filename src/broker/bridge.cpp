#include <holdfast/broker/bridge.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::broker {
namespace {

Error route_error(const RouteSettings& settings, std::string_view what) {
    return fail(Errc::malformed, "route '" + settings.topic + "' to '" + settings.stream +
                                     "': " + std::string(what));
}

} // namespace

Result<Bridge> Bridge::make(std::span<const RouteSettings> routes) {
    Bridge bridge;
    for (const RouteSettings& settings : routes) {
        HF_TRY(Route route, make_route(settings));
        bridge.routes_.push_back(std::move(route));
    }
    return bridge;
}

Result<Bridge::Route> Bridge::make_route(const RouteSettings& settings) {
    auto pattern = topic::TopicPattern::parse(settings.topic);
    if (!pattern) return route_error(settings, pattern.error().context);
    Route route{std::move(pattern).value(), settings.stream, DeviceFrom::client_id, {}};
    if (settings.device.empty()) return route;
    if (settings.device.starts_with("$.")) {
        route.device_from = DeviceFrom::payload;
        route.device.push_back({settings.device.substr(2), -1});
        return route;
    }
    route.device_from = DeviceFrom::topic;
    const auto& names = route.pattern.capture_names();
    for (std::string_view rest = settings.device; !rest.empty();) {
        const std::size_t brace = rest.find('{');
        if (brace != 0) route.device.push_back({std::string(rest.substr(0, brace)), -1});
        if (brace == rest.npos) break;
        const std::size_t end = rest.find('}', brace);
        if (end == rest.npos) return route_error(settings, "device has '{' without '}'");
        const std::string_view name = rest.substr(brace + 1, end - brace - 1);
        const auto found = std::ranges::find(names, name);
        if (found == names.end())
            return route_error(settings, "device names '{" + std::string(name) +
                                             "}', which the topic does not capture");
        route.device.push_back({{}, static_cast<int>(found - names.begin())});
        rest = rest.substr(end + 1);
    }
    return route;
}

std::optional<Bridge::Destination> Bridge::resolve(std::string_view topic) const {
    std::vector<std::string_view> captures;
    for (const Route& route : routes_) {
        if (!route.pattern.match(topic, captures)) continue;
        Destination destination{route.stream, route.device_from, {}};
        for (const Piece& piece : route.device) {
            if (piece.capture < 0)
                destination.device += piece.text;
            else
                destination.device += captures[static_cast<std::size_t>(piece.capture)];
        }
        return destination;
    }
    return std::nullopt;
}

std::vector<std::string> Bridge::streams() const {
    std::vector<std::string> out;
    for (const Route& route : routes_)
        if (std::ranges::find(out, route.stream) == out.end()) out.push_back(route.stream);
    return out;
}

} // namespace holdfast::broker
