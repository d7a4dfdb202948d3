#pragma once

#include <holdfast/base/log_line.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/config/bridge.hpp>
#include <holdfast/config/history.hpp>
#include <holdfast/config/limits.hpp>
#include <holdfast/config/listeners.hpp>
#include <holdfast/config/model_file.hpp>
#include <holdfast/config/mqtt.hpp>
#include <holdfast/config/security.hpp>
#include <holdfast/config/streams.hpp>
#include <holdfast/config/training.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace holdfast::config {

// The server's settings: docs/config.md says each key, its unit, its default and its bounds. One
// header for each section; the member defaults are what holds without a file.
struct Config {
    std::filesystem::path data_dir = "./holdfast-data";
    LogLevel log_level = LogLevel::info;
    std::uint32_t shards = 0; // 0 = one per core
    Listeners listeners;
    Security security;
    Limits limits;
    MqttConfig mqtt;
    HistoryConfig history;
    TrainingConfig training;
    std::vector<StreamConfig> streams; // `events` is added where the routes are the default ones
    std::vector<RouteConfig> bridge;
    std::vector<std::filesystem::path> rule_files; // existing files, in the globs' order
    std::vector<ModelFile> models;                 // read from the files that `models` names
};

// What holds without a file: one stream `events`, one route `#` to it.
[[nodiscard]] Config defaults();

// Reads and checks the file whole. Paths and globs in it are relative to its own directory, except
// data_dir, which is relative to the working directory. Errors: io (cannot be read), malformed;
// the context has one line `file:line: key: reason` for every mistake in the file, and in the model
// files that it names.
// `check` may find more: what only the modules above know. It is asked about what could be read, so
// that its mistakes come with the others; each is a line of its error.
using Check = std::function<Result<void>(const Config&)>;
[[nodiscard]] Result<Config> load(const std::filesystem::path& file, const Check& check = {});

// The same from text; `name` stands for the file in errors.
[[nodiscard]] Result<Config> parse(const std::string& text, const std::filesystem::path& name,
                                   const Check& check = {});

} // namespace holdfast::config
