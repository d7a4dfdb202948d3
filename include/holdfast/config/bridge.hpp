#pragma once

#include <string>

namespace holdfast::config {

// One row of the bridge. The first that matches a topic wins.
struct RouteConfig {
    std::string topic;
    std::string stream;
    std::string device;  // `{capture}` text, `$.path` into the payload, or empty: the client id
    std::string where{}; // `file:line: bridge[0]`, for errors
};

} // namespace holdfast::config
