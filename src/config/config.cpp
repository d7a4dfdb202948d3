#include <holdfast/config/config.hpp>

#include <config/map_reader.hpp>
#include <config/sections.hpp>

#include <algorithm>

namespace holdfast::config {

Config defaults() {
    Config config;
    config.streams.emplace_back().name = "events";
    config.bridge.push_back({"#", "events", ""});
    return config;
}

Result<Config> parse(const std::string& text, const std::filesystem::path& name,
                     const Check& check) {
    HF_TRY(const YAML::Node document, read_yaml(text, name));
    Config config = defaults();
    Mistakes mistakes(name);
    MapReader map(document, "", mistakes);

    std::string data_dir = config.data_dir.string();
    map.text("data_dir", data_dir);
    config.data_dir = data_dir;
    map.choice("log_level", config.log_level,
               {{"debug", LogLevel::debug},
                {"info", LogLevel::info},
                {"warn", LogLevel::warn},
                {"error", LogLevel::error}});
    map.integer("shards", config.shards, 0U, 64U);
    const bool has_users = map.take("access") || map.take("users");
    read_listeners(map.take("listeners").value_or(YAML::Node()), name.parent_path(), has_users,
                   config.listeners, mistakes);
    if (auto node = map.take("limits")) read_limits(*node, config.limits, mistakes);
    if (auto node = map.take("mqtt")) read_mqtt(*node, config.mqtt, mistakes);
    if (auto node = map.take("history")) read_history(*node, config.history, mistakes);
    if (auto node = map.take("training")) read_training(*node, config.training, mistakes);

    const auto streams = map.take("streams");
    const auto bridge = map.take("bridge");
    if (streams) read_streams(*streams, config.streams, mistakes);
    // The default route needs its stream, whatever other streams there are.
    if (!bridge &&
        std::ranges::find(config.streams, "events", &StreamConfig::name) == config.streams.end())
        config.streams.emplace_back().name = "events";
    if (bridge) read_bridge(*bridge, config.streams, config.bridge, mistakes);

    read_security(map, name.parent_path(), config.security);
    config.rule_files = expand(map, "rules", name.parent_path());
    read_models(map, name.parent_path(), config.models, mistakes);
    map.finish();
    if (check)
        if (const auto checked = check(config); !checked) mistakes.add_all_of(checked.error());
    if (!mistakes.empty()) return mistakes.error();
    return config;
}

Result<Config> load(const std::filesystem::path& file, const Check& check) {
    HF_TRY(const std::string text, read_file(file));
    return parse(text, file, check);
}

} // namespace holdfast::config
