#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker {
class Bridge;
}
namespace holdfast::models {
class Engine;
}
namespace holdfast::rules {
class Engine;
}

namespace holdfast::gateway {

// Who would miss the stream, in words: routes of the bridge, rules and models, the server itself.
[[nodiscard]] std::vector<std::string> stream_users(std::string_view stream,
                                                    const broker::Bridge& bridge,
                                                    const rules::Engine& rules,
                                                    const models::Engine& models);

} // namespace holdfast::gateway
