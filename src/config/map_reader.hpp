#pragma once

#include <holdfast/base/result.hpp>

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::config {

// All mistakes found in one file, in the order of their lines.
class Mistakes {
public:
    explicit Mistakes(std::filesystem::path file) : file_(std::move(file)) {}

    void add(const YAML::Mark& mark, std::string_view key, std::string_view reason);
    // Lines of another file, as they are.
    void add_all_of(const Error& error) { foreign_.push_back(error.context); }
    [[nodiscard]] bool empty() const noexcept { return found_.empty() && foreign_.empty(); }
    [[nodiscard]] Error error() const;
    [[nodiscard]] std::string where(const YAML::Mark& mark, std::string_view key) const;

private:
    struct Mistake {
        int line;
        std::string text;
    };
    std::filesystem::path file_;
    std::vector<Mistake> found_;
    std::vector<std::string> foreign_;
};

// Reads `text` as one YAML document. malformed, as `file:line: reason`.
[[nodiscard]] Result<YAML::Node> read_yaml(const std::string& text,
                                           const std::filesystem::path& name);
// Errors: io, limit_exceeded (a file over 1 MiB is not a configuration).
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& file);

// Reads the known keys of one YAML map and reports the rest. A key that is absent or wrong leaves
// its destination as it was; what is wrong goes to the mistakes.
class MapReader {
public:
    // `path` is "" at the top, else the map's own key, for messages: "limits", "streams.events".
    MapReader(YAML::Node node, std::string path, Mistakes& mistakes);

    void text(std::string_view key, std::string& out);
    void bytes(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max,
               bool zero_too = false);
    void duration_ms(std::string_view key, std::uint64_t& out, std::uint64_t min,
                     std::uint64_t max);
    void number(std::string_view key, double& out, double above, double max);
    void texts(std::string_view key, std::vector<std::string>& out);

    template <class Int>
    void integer(std::string_view key, Int& out, Int min, Int max) {
        const auto value = checked_integer(key, min, max);
        if (value) out = static_cast<Int>(*value);
    }
    template <class Choice>
    void choice(std::string_view key, Choice& out,
                std::initializer_list<std::pair<std::string_view, Choice>> choices) {
        const auto node = scalar(key, "text");
        if (!node) return;
        std::string known;
        for (const auto& [name, value] : choices) {
            if (node->Scalar() == name) {
                out = value;
                return;
            }
            known += (known.empty() ? "" : ", ") + std::string(name);
        }
        wrong(*node, key, "'" + node->Scalar() + "' is none of " + known);
    }

    // The value of `key`, of whatever type; nothing where it is absent or null.
    [[nodiscard]] std::optional<YAML::Node> take(std::string_view key);
    [[nodiscard]] std::optional<YAML::Node> scalar(std::string_view key, std::string_view expected);
    // A key that this version knows but does not serve: `reason` says so.
    void refuse(std::string_view key, std::string_view reason);
    void wrong(const YAML::Node& node, std::string_view key, std::string_view reason);
    // Every key not taken by now is unknown.
    void finish();

    [[nodiscard]] const YAML::Node& node() const noexcept { return node_; }
    [[nodiscard]] std::string path_of(std::string_view key) const;

private:
    [[nodiscard]] std::optional<std::uint64_t> checked_integer(std::string_view key,
                                                               std::uint64_t min,
                                                               std::uint64_t max);

    YAML::Node node_;
    std::string path_;
    Mistakes& mistakes_;
    std::vector<std::string> known_;
    std::vector<std::string> refused_;
};

} // namespace holdfast::config
