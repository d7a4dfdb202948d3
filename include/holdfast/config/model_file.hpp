#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::config {

// A setting of one kind of model. The kind itself checks names and bounds, and quotes `where`.
struct ModelOption {
    std::string name;
    std::variant<double, std::string> value; // durations are numbers of milliseconds
    std::string where;                       // `file:line: name`, for errors
};

// One model YAML file (docs/config.md, "Model files"), typed but not yet checked against its kind.
struct ModelFile {
    std::string name;                // [a-z0-9_-]{1,64}
    std::string kind;                // the detector
    std::string source;              // stream that it reads
    std::string topic;               // topic filter that narrows the source; empty: all of it
    std::vector<std::string> fields; // payload paths, at least one
    std::string time;                // payload path of the event time; empty: the record's
    std::uint64_t warmup_ms = 0;     // no alarm before; 0 = as the kind says
    std::uint64_t prime_ms = 0;      // a new one is fed with so much of what is stored; 0: nothing
    double threshold = -1;           // in (0,1]; -1 = as the kind says
    std::string severity;            // of its alarms: info, minor (warning), major, critical
    std::vector<ModelOption> options;
    std::filesystem::path file;

    // `FILE:7: key` for a key that the file has, `FILE:1: key` else.
    [[nodiscard]] std::string where(std::string_view key) const;
    std::map<std::string, int, std::less<>> lines; // of the keys, from 1 on
};

// Errors as for config::load().
[[nodiscard]] Result<ModelFile> load_model(const std::filesystem::path& file);
[[nodiscard]] Result<ModelFile> parse_model(const std::string& text,
                                            const std::filesystem::path& name);

} // namespace holdfast::config
