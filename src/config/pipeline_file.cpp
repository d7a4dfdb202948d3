#include <holdfast/config/pipeline_file.hpp>

#include <config/map_reader.hpp>
#include <holdfast/config/model_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace holdfast::config {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kLifeMsMax = 100ULL * 365 * kDayMs;
constexpr std::size_t kGridValuesMax = 100; // of one setting

std::optional<double> number_of(const YAML::Node& node) {
    if (!node.IsScalar()) return std::nullopt;
    const std::string& text = node.Scalar();
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

// A number, or a list of numbers. Nothing where it is neither.
std::optional<std::vector<double>> numbers_of(const YAML::Node& node) {
    std::vector<double> out;
    if (!node.IsSequence()) {
        const auto only = number_of(node);
        if (!only) return std::nullopt;
        return std::vector{*only};
    }
    for (const YAML::Node& item : node) {
        const auto value = number_of(item);
        if (!value) return std::nullopt;
        out.push_back(*value);
    }
    return out;
}

class Reader {
public:
    Reader(PipelineFile& out, Mistakes& mistakes) : out_(out), mistakes_(mistakes) {}

    void read(const YAML::Node& document) {
        MapReader map(document, "", mistakes_);
        map.text("name", out_.name);
        if (const auto node = map.take("source")) read_source(*node);
        if (out_.source.is_given()) { // as SQL names them
            out_.device = "device";
            out_.time = "ts";
        }
        map.text("device", out_.device);
        map.text("time", out_.time);
        map.texts("signals", out_.signals);
        if (const auto node = map.take("target")) read_target(*node);
        if (const auto node = map.take("cleanse")) read_cleansing(*node);
        if (const auto node = map.take("features")) read_features(*node);
        if (const auto node = map.take("select")) read_selection(*node);
        if (const auto node = map.take("test")) read_test(*node);
        if (const auto node = map.take("folds")) read_folds(*node);
        map.text("algorithm", out_.algorithm);
        if (const auto node = map.take("settings")) read_settings(*node);
        map.integer<std::uint64_t>("seed", out_.seed, 0, 1ULL << 53U);
        if (const auto node = map.take("alarm")) read_alarm(*node);
        map.finish();
        const auto required = {std::pair<std::string_view, bool>{"name", out_.name.empty()},
                               {"time", out_.time.empty()},
                               {"signals", out_.signals.empty()},
                               {"algorithm", out_.algorithm.empty()}};
        for (const auto& [key, is_missing] : required)
            if (is_missing && mistakes_.empty()) map.wrong(document, key, "is missing");
        if (mistakes_.empty() && out_.target.empty() && out_.end.empty())
            map.wrong(document, "target", "is missing: a column, or an end");
    }

private:
    void read_source(const YAML::Node& node) {
        PipelineSource& out = out_.source;
        MapReader map(node, "source", mistakes_);
        out.where = mistakes_.where(node.Mark(), "source");
        map.text("stream", out.stream);
        map.text("query", out.query);
        map.text("from", out.from);
        map.text("to", out.to);
        map.finish();
        if (!node.IsMap()) return; // which was said
        if (!out.is_given()) map.wrong(node, "stream", "is missing, and there is no query");
        if (!out.query.empty() && !(out.from.empty() && out.to.empty()))
            map.wrong(node, out.from.empty() ? "to" : "from",
                      "beside query: its WHERE says which times");
    }

    void read_alarm(const YAML::Node& node) {
        MapReader map(node, "alarm", mistakes_);
        const auto threshold = [&](std::string_view key, std::optional<double>& out) {
            const auto given = map.take(key);
            if (!given) return;
            out = number_of(*given);
            if (!out) map.wrong(*given, key, "a number is expected");
        };
        threshold("above", out_.alarm.above);
        threshold("below", out_.alarm.below);
        map.choice<std::string>(
            "severity", out_.alarm.severity,
            {{"info", "info"}, {"minor", "minor"}, {"major", "major"}, {"critical", "critical"}});
        map.finish();
        if (!node.IsMap()) return;
        if (out_.alarm.above.has_value() == out_.alarm.below.has_value())
            map.wrong(node, "above", "either above or below is expected");
    }

    void read_target(const YAML::Node& node) {
        MapReader map(node, "target", mistakes_);
        map.text("column", out_.target);
        map.text("end", out_.end);
        map.duration_ms("unit", out_.unit_ms, 1, 366 * kDayMs);
        map.duration_ms("at_most", out_.life_ms_max, 1, kLifeMsMax);
        map.choice("kind", out_.is_label, {{"value", false}, {"label", true}});
        map.finish();
        if (!out_.target.empty() && !out_.end.empty())
            map.wrong(node, "end", "beside column: a target is one of both");
        if (!out_.end.empty() && out_.is_label)
            map.wrong(node, "kind", "remaining life is a value, not a label");
    }

    void read_cleansing(const YAML::Node& node) {
        MapReader map(node, "cleanse", mistakes_);
        map.duration_ms("step", out_.step_ms, 1, 366 * kDayMs);
        if (const auto limits = map.take("limits")) read_limits(*limits);
        map.choice("outside", out_.is_clipped, {{"missing", false}, {"clip", true}});
        map.choice<std::string>("missing", out_.missing,
                                {{"keep", "keep"}, {"drop", "drop"}, {"last", "last"}});
        map.finish();
    }

    void read_limits(const YAML::Node& node) {
        if (!node.IsMap()) {
            mistakes_.add(node.Mark(), "cleanse.limits", "a map of signals is expected");
            return;
        }
        for (const auto& entry : node) {
            const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
            const std::string key = "cleanse.limits." + name;
            const auto pair = numbers_of(entry.second);
            if (!pair || pair->size() != 2 || (*pair)[0] > (*pair)[1])
                mistakes_.add(entry.first.Mark(), key, "[lowest, highest] is expected");
            else
                out_.limits.push_back(
                    {name, (*pair)[0], (*pair)[1], mistakes_.where(entry.first.Mark(), key)});
        }
    }

    void read_features(const YAML::Node& node) {
        if (!node.IsSequence()) {
            mistakes_.add(node.Mark(), "features", "a list of features is expected");
            return;
        }
        for (const YAML::Node& item : node) {
            MapReader map(item, "features", mistakes_);
            PipelineFeature& feature = out_.features.emplace_back();
            feature.where = mistakes_.where(item.Mark(), "features");
            map.text("kind", feature.kind);
            map.texts("signals", feature.signals);
            map.text("other", feature.other);
            if (const auto samples = map.take("samples")) read_samples(*samples, feature);
            map.finish();
            if (item.IsMap() && feature.kind.empty()) map.wrong(item, "kind", "is missing");
        }
    }

    void read_samples(const YAML::Node& node, PipelineFeature& feature) {
        const auto values = numbers_of(node);
        const auto is_count = [](double value) {
            return value >= 1 && value <= 10'000 && value == std::floor(value);
        };
        if (!values || !std::ranges::all_of(*values, is_count)) {
            mistakes_.add(node.Mark(), "features.samples",
                          "a whole number from 1 to 10000, or a list of them, is expected");
            return;
        }
        for (const double value : *values)
            feature.samples.push_back(static_cast<std::uint32_t>(value));
    }

    void read_selection(const YAML::Node& node) {
        MapReader map(node, "select", mistakes_);
        map.number("target_correlation", out_.target_correlation_min, 0, 1);
        map.number("mutual_correlation", out_.mutual_correlation_max, 0, 1);
        map.finish();
    }

    void read_split(MapReader& map, PipelineSplit& out) {
        map.choice("by", out,
                   {{"time", PipelineSplit::time},
                    {"device", PipelineSplit::device},
                    {"both", PipelineSplit::both},
                    {"row", PipelineSplit::row}});
    }

    void read_test(const YAML::Node& node) {
        MapReader map(node, "test", mistakes_);
        map.choice("by", out_.test_by,
                   {{"time", PipelineSplit::time}, {"device", PipelineSplit::device}});
        map.number("part", out_.test_part, 0, 0.9);
        map.finish();
    }

    void read_folds(const YAML::Node& node) {
        MapReader map(node, "folds", mistakes_);
        read_split(map, out_.folds_by);
        map.integer<std::uint32_t>("count", out_.folds, 2, 100);
        map.finish();
    }

    void read_settings(const YAML::Node& node) {
        if (!node.IsMap()) {
            mistakes_.add(node.Mark(), "settings", "a map of settings is expected");
            return;
        }
        for (const auto& entry : node) {
            const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
            auto values = numbers_of(entry.second);
            if (!values || values->empty() || values->size() > kGridValuesMax)
                mistakes_.add(
                    entry.first.Mark(), "settings." + name,
                    fmt::format("a number, or a list of up to {}, is expected", kGridValuesMax));
            else if (std::ranges::find(out_.settings, name, &PipelineSetting::name) !=
                     out_.settings.end())
                mistakes_.add(entry.first.Mark(), "settings." + name, "given twice");
            else
                out_.settings.push_back({name, std::move(*values),
                                         mistakes_.where(entry.first.Mark(), "settings." + name)});
        }
    }

    PipelineFile& out_;
    Mistakes& mistakes_;
};

} // namespace

std::string PipelineFile::where(std::string_view key) const {
    const auto line = lines.find(key);
    return fmt::format("{}:{}: {}", file.string(), line == lines.end() ? 1 : line->second, key);
}

Result<PipelineFile> parse_pipeline(const std::string& text, const std::filesystem::path& name) {
    HF_TRY(const YAML::Node document, read_yaml(text, name));
    PipelineFile out;
    out.file = name;
    out.text = text;
    if (document.IsMap())
        for (const auto& entry : document)
            if (entry.first.IsScalar())
                out.lines.emplace(entry.first.Scalar(), entry.first.Mark().line + 1);
    Mistakes mistakes(name);
    Reader(out, mistakes).read(document);
    if (!out.name.empty() && !is_model_name(out.name))
        mistakes.add(document["name"].Mark(), "name",
                     fmt::format("'{}' is not 1 to 64 of a-z 0-9 _ -", out.name));
    if (!mistakes.empty()) return mistakes.error();
    return out;
}

Result<PipelineFile> load_pipeline(const std::filesystem::path& file) {
    HF_TRY(const std::string text, read_file(file));
    return parse_pipeline(text, file);
}

} // namespace holdfast::config
