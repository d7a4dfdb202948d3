#include "app/without_effect.hpp"

#include "app/kept_streams.hpp"

#include <fmt/format.h>

namespace holdfast::app {

std::vector<std::string> settings_without_effect(const config::Config& config) {
    std::vector<std::string> lines;
    for (const config::StreamConfig& stream : config.streams) {
        if (!stream.history_retention_ms) continue;
        std::string why;
        if (is_never_kept(stream.name)) why = "history never has this stream";
        if (!config.history.is_enabled) why = "history.enabled is false";
        if (!why.empty())
            lines.push_back(
                fmt::format("{}: history.retention has no effect: {}", stream.where, why));
    }
    return lines;
}

} // namespace holdfast::app
