#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker {
class Bridge;
}
namespace holdfast::models {
class Engine;
class Predictions;
} // namespace holdfast::models
namespace holdfast::rules {
class Engine;
}

namespace holdfast::gateway {

// Whose work the records of streams are. All of it outlives whoever asks.
struct StreamWorkers {
    const rules::Engine& rules;
    const models::Engine& models;
    const models::Predictions* trained = nullptr; // null: nothing is trained here
};

// Who would miss the stream, in words: routes of the bridge, rules, models, trained models in use,
// the server itself.
[[nodiscard]] std::vector<std::string> stream_users(std::string_view stream,
                                                    const broker::Bridge& bridge,
                                                    const StreamWorkers& workers);

} // namespace holdfast::gateway
