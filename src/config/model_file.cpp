#include <holdfast/config/model_file.hpp>

#include <config/map_reader.hpp>
#include <holdfast/config/model_name.hpp>
#include <holdfast/config/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace holdfast::config {
namespace {

constexpr std::uint64_t kYearMs = 365ULL * 86'400'000;
constexpr std::uint64_t kPrimeMsMax = 10 * kYearMs;

std::variant<double, std::string> typed(const std::string& text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) return number;
    const auto duration = parse_duration_ms(text);
    if (duration) return static_cast<double>(duration.value());
    return text;
}

void read_options(const YAML::Node& node, std::vector<ModelOption>& out, Mistakes& mistakes) {
    if (!node.IsMap()) {
        mistakes.add(node.Mark(), "options", "a map of settings is expected");
        return;
    }
    for (const auto& entry : node) {
        const YAML::Node& key = entry.first;
        const YAML::Node& value = entry.second;
        if (!key.IsScalar() || !value.IsScalar()) {
            mistakes.add(key.Mark(), "options", "a name with a number, duration or text expected");
            continue;
        }
        if (std::ranges::find(out, key.Scalar(), &ModelOption::name) != out.end())
            mistakes.add(key.Mark(), "options." + key.Scalar(), "given twice");
        else
            out.push_back({key.Scalar(), typed(value.Scalar()),
                           mistakes.where(key.Mark(), "options." + key.Scalar())});
    }
}

} // namespace

Result<ModelFile> parse_model(const std::string& text, const std::filesystem::path& name) {
    HF_TRY(const YAML::Node document, read_yaml(text, name));
    ModelFile model;
    model.file = name;
    Mistakes mistakes(name);
    MapReader map(document, "", mistakes);
    if (document.IsMap())
        for (const auto& entry : document)
            if (entry.first.IsScalar())
                model.lines.emplace(entry.first.Scalar(), entry.first.Mark().line + 1);
    map.text("name", model.name);
    map.text("kind", model.kind);
    map.text("source", model.source);
    map.text("topic", model.topic);
    map.texts("fields", model.fields);
    map.text("time", model.time);
    map.duration_ms("warmup", model.warmup_ms, 0, kYearMs);
    map.duration_ms("prime", model.prime_ms, 0, kPrimeMsMax);
    map.number("threshold", model.threshold, 0, 1);
    map.choice<std::string>("severity", model.severity,
                            {{"info", "info"},
                             {"minor", "minor"},
                             {"warning", "warning"},
                             {"major", "major"},
                             {"critical", "critical"}});
    if (const auto options = map.take("options")) read_options(*options, model.options, mistakes);
    map.finish();

    const auto required = {std::pair<std::string_view, bool>{"name", model.name.empty()},
                           {"kind", model.kind.empty()},
                           {"source", model.source.empty()},
                           {"fields", model.fields.empty()}};
    for (const auto& [key, is_missing] : required)
        if (is_missing && !(document.IsMap() && document[std::string(key)]))
            map.wrong(document, key, "is missing");
    if (!model.name.empty() && !is_model_name(model.name))
        map.wrong(document["name"], "name",
                  fmt::format("'{}' is not 1 to 64 of a-z 0-9 _ -", model.name));
    if (!mistakes.empty()) return mistakes.error();
    if (model.fields.empty() || model.kind.empty() || model.source.empty() || model.name.empty())
        return fail(
            Errc::malformed,
            fmt::format("{}:1: name, kind, source and fields must not be empty", name.string()));
    return model;
}

std::string ModelFile::where(std::string_view key) const {
    const auto line = lines.find(key);
    return fmt::format("{}:{}: {}", file.string(), line == lines.end() ? 1 : line->second, key);
}

Result<ModelFile> load_model(const std::filesystem::path& file) {
    HF_TRY(const std::string text, read_file(file));
    return parse_model(text, file);
}

} // namespace holdfast::config
