#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/topic/pattern.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker {

// One row of the bridge, as configured.
struct RouteSettings {
    std::string topic;  // pattern: `{name}` captures one level, `+` is any level, `#` the rest
    std::string stream; // where its messages are appended
    std::string device; // text with `{name}` captures; or `$.path` into a JSON payload; or empty
};

// The protocol bridge: which stream a topic's messages go to, and which device they are from.
// The first route that matches wins. Immutable, thread-safe.
class Bridge {
public:
    // malformed, naming the route and what is wrong with it.
    [[nodiscard]] static Result<Bridge> make(std::span<const RouteSettings> routes);

    enum class DeviceFrom : std::uint8_t { topic, payload, client_id };
    struct Destination {
        std::string_view stream; // borrowed from the bridge
        DeviceFrom device_from = DeviceFrom::client_id;
        std::string device; // topic: the device itself; payload: the JSON path
    };
    // Nothing where no route matches.
    [[nodiscard]] std::optional<Destination> resolve(std::string_view topic) const;

    // Streams that a topic matching `filter` could be routed to, each once: what a reader of
    // the filter has to read. Errs on the side of too many.
    [[nodiscard]] std::vector<std::string> streams() const;

private:
    struct Piece {
        std::string text; // literal, or
        int capture = -1; // index of a capture
    };
    struct Route {
        topic::TopicPattern pattern;
        std::string stream;
        DeviceFrom device_from = DeviceFrom::client_id;
        std::vector<Piece> device;
    };
    static Result<Route> make_route(const RouteSettings& settings);

    std::vector<Route> routes_;
};

} // namespace holdfast::broker
