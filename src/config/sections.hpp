#pragma once

#include <holdfast/config/config.hpp>

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string_view>
#include <vector>

namespace holdfast::config {

class MapReader;
class Mistakes;

// One function for each section of the file: what is wrong goes to `mistakes`, with its line, and
// leaves the default.
// Paths in it are relative to `directory`. `has_users`: somebody can say who he is. An empty node
// leaves the defaults.
void read_listeners(YAML::Node node, const std::filesystem::path& directory, bool has_users,
                    Listeners& out, Mistakes& mistakes);
void read_limits(YAML::Node node, Limits& out, Mistakes& mistakes);
void read_history(YAML::Node node, HistoryConfig& out, Mistakes& mistakes);
void read_training(YAML::Node node, TrainingConfig& out, Mistakes& mistakes);
void read_mqtt(YAML::Node node, MqttConfig& out, Mistakes& mistakes);
void read_streams(const YAML::Node& node, std::vector<StreamConfig>& out, Mistakes& mistakes);
// `streams`: those that a route may lead to.
void read_bridge(const YAML::Node& node, const std::vector<StreamConfig>& streams,
                 std::vector<RouteConfig>& out, Mistakes& mistakes);

// The files that the patterns of `key` name, each pattern's in the order of their names.
[[nodiscard]] std::vector<std::filesystem::path> expand(MapReader& map, std::string_view key,
                                                        const std::filesystem::path& directory);
// `access` and `users`, relative to `directory`.
void read_security(MapReader& map, const std::filesystem::path& directory, Security& out);
void read_models(MapReader& map, const std::filesystem::path& directory,
                 std::vector<ModelFile>& out, Mistakes& mistakes);

} // namespace holdfast::config
