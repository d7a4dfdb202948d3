#include <config/map_reader.hpp>

#include <holdfast/config/units.hpp>

#include <holdfast/base/bytes.hpp>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

namespace holdfast::config {
namespace {

constexpr std::size_t kFileBytesMax = 1U << 20U;

std::string type_name(const YAML::Node& node) {
    if (node.IsMap()) return "a map";
    if (node.IsSequence()) return "a list";
    if (node.IsNull()) return "nothing";
    return "'" + node.Scalar() + "'";
}

} // namespace

std::string Mistakes::where(const YAML::Mark& mark, std::string_view key) const {
    return fmt::format("{}:{}: {}", file_.string(), mark.line + 1, key);
}

void Mistakes::add(const YAML::Mark& mark, std::string_view key, std::string_view reason) {
    auto text = fmt::format("{}: {}", where(mark, key), reason);
    if (std::ranges::find(found_, text, &Mistake::text) == found_.end())
        found_.push_back({mark.line, std::move(text)});
}

Error Mistakes::error() const {
    std::vector<const Mistake*> sorted; // by line; those of one line in the order they were found,
    for (const Mistake& mistake : found_) sorted.push_back(&mistake); // which addresses keep
    std::ranges::sort(sorted, [](const Mistake* left, const Mistake* right) {
        return left->line != right->line ? left->line < right->line : left < right;
    });
    std::string all;
    const auto append = [&all](const std::string& text) {
        if (!all.empty()) all += '\n';
        all += text;
    };
    for (const Mistake* mistake : sorted) append(mistake->text);
    for (const std::string& text : foreign_) append(text);
    return fail(Errc::malformed, std::move(all));
}

namespace {

// Where the last document that was parsed begins.
struct DocumentStart final : YAML::EventHandler {
    YAML::Mark mark{};

    void OnDocumentStart(const YAML::Mark& at) override { mark = at; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*at*/, YAML::anchor_t /*anchor*/) override {}
    void OnAlias(const YAML::Mark& /*at*/, YAML::anchor_t /*anchor*/) override {}
    void OnScalar(const YAML::Mark& /*at*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& /*value*/) override {}
    void OnSequenceStart(const YAML::Mark& /*at*/, const std::string& /*tag*/,
                         YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& /*at*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {}
    void OnMapEnd() override {}
};

} // namespace

Result<YAML::Node> read_yaml(const std::string& text, const std::filesystem::path& name) {
    if (!is_utf8(text))
        return fail(Errc::malformed, fmt::format("{}:1: the file is not UTF-8", name.string()));
    try {
        // Not YAML::LoadAll(): at a comma outside of a list it finds documents without end.
        std::istringstream in(text);
        YAML::Parser parser(in);
        DocumentStart start;
        if (!parser.HandleNextDocument(start)) return YAML::Node(YAML::NodeType::Null);
        if (parser.HandleNextDocument(start))
            return fail(Errc::malformed, fmt::format("{}:{}: a second document begins here",
                                                     name.string(), start.mark.line + 1));
        return YAML::Load(text);
    } catch (const YAML::Exception& error) { // yaml-cpp's only error channel
        return fail(Errc::malformed, fmt::format("{}:{}: not YAML: {}", name.string(),
                                                 error.mark.line + 1, error.msg));
    }
}

Result<std::string> read_file(const std::filesystem::path& file) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (error || !std::filesystem::is_regular_file(status))
        return fail(Errc::io, fmt::format("{}: {}", file.string(),
                                          error ? error.message() : "not a regular file"));
    const auto size = std::filesystem::file_size(file, error);
    if (!error && size > kFileBytesMax)
        return fail(Errc::limit_exceeded,
                    fmt::format("{}: {} bytes; at most {}", file.string(), size, kFileBytesMax));
    std::ifstream in(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (error || !in.is_open() || in.bad())
        return fail(Errc::io, fmt::format("{}: cannot be read", file.string()));
    return text;
}

MapReader::MapReader(YAML::Node node, std::string path, Mistakes& mistakes)
    : node_(std::move(node)), path_(std::move(path)), mistakes_(mistakes) {
    if (!node_.IsMap() && !node_.IsNull())
        mistakes_.add(node_.Mark(), path_.empty() ? "top" : path_,
                      fmt::format("a map of keys is expected, not {}", type_name(node_)));
}

std::string MapReader::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void MapReader::wrong(const YAML::Node& node, std::string_view key, std::string_view reason) {
    mistakes_.add(node.Mark(), path_of(key), reason);
}

std::optional<YAML::Node> MapReader::take(std::string_view key) {
    if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
    if (!node_.IsMap()) return std::nullopt;
    std::optional<YAML::Node> found;
    for (const auto& entry : node_) {
        const YAML::Node& name = entry.first;
        if (!name.IsScalar() || name.Scalar() != key) continue;
        if (found)
            wrong(name, key, "given twice");
        else
            found = entry.second;
    }
    if (found && found->IsNull()) return std::nullopt;
    return found;
}

std::optional<YAML::Node> MapReader::scalar(std::string_view key, std::string_view expected) {
    auto node = take(key);
    if (!node || node->IsScalar()) return node;
    wrong(*node, key, fmt::format("{} is expected, not {}", expected, type_name(*node)));
    return std::nullopt;
}

void MapReader::text(std::string_view key, std::string& out) {
    const auto node = scalar(key, "text");
    if (!node) return;
    if (node->Scalar().empty() || node->Scalar().find('\0') != std::string::npos)
        wrong(*node, key, "must not be empty or hold a NUL");
    else
        out = node->Scalar();
}

void MapReader::texts(std::string_view key, std::vector<std::string>& out) {
    const auto node = take(key);
    if (!node) return;
    if (!node->IsSequence()) {
        wrong(*node, key, fmt::format("a list is expected, not {}", type_name(*node)));
        return;
    }
    out.clear();
    for (const auto& item : *node) {
        if (!item.IsScalar() || item.Scalar().empty())
            wrong(item, key, fmt::format("text is expected, not {}", type_name(item)));
        else
            out.push_back(item.Scalar());
    }
}

void MapReader::bytes(std::string_view key, std::uint64_t& out, std::uint64_t min,
                      std::uint64_t max, bool zero_too) {
    const auto node = scalar(key, "a size");
    if (!node) return;
    const auto value = parse_bytes(node->Scalar());
    if (!value)
        wrong(*node, key, fmt::format("'{}': {}", node->Scalar(), value.error().context));
    else if ((value.value() < min || value.value() > max) && !(zero_too && value.value() == 0))
        wrong(*node, key,
              fmt::format("{} bytes is not within {}{} .. {}", value.value(),
                          zero_too ? "0 or " : "", min, max));
    else
        out = value.value();
}

void MapReader::duration_ms(std::string_view key, std::uint64_t& out, std::uint64_t min,
                            std::uint64_t max) {
    const auto node = scalar(key, "a duration");
    if (!node) return;
    const auto value = parse_duration_ms(node->Scalar());
    if (!value)
        wrong(*node, key, fmt::format("'{}': {}", node->Scalar(), value.error().context));
    else if (value.value() < min || value.value() > max)
        wrong(*node, key, fmt::format("{} ms is not within {} .. {} ms", value.value(), min, max));
    else
        out = value.value();
}

void MapReader::number(std::string_view key, double& out, double above, double max) {
    const auto node = scalar(key, "a number");
    if (!node) return;
    const std::string& text = node->Scalar();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        wrong(*node, key, fmt::format("a number is expected, not '{}'", text));
    else if (value <= above || value > max)
        wrong(*node, key, fmt::format("{} is not above {} and at most {}", value, above, max));
    else
        out = value;
}

std::optional<std::uint64_t> MapReader::checked_integer(std::string_view key, std::uint64_t min,
                                                        std::uint64_t max) {
    const auto node = scalar(key, "a whole number");
    if (!node) return std::nullopt;
    const std::string& text = node->Scalar();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool too_large = error == std::errc::result_out_of_range;
    if (end != text.data() + text.size() || (error != std::errc{} && !too_large)) {
        wrong(*node, key, fmt::format("a whole number is expected, not '{}'", text));
        return std::nullopt;
    }
    if (too_large || value < min || value > max) {
        wrong(*node, key, fmt::format("{} is not within {} .. {}", text, min, max));
        return std::nullopt;
    }
    return value;
}

void MapReader::refuse(std::string_view key, std::string_view reason) {
    known_.emplace_back(key);
    refused_.emplace_back(key);
    if (!node_.IsMap()) return;
    for (const auto& entry : node_)
        if (entry.first.IsScalar() && entry.first.Scalar() == key) wrong(entry.first, key, reason);
}

void MapReader::finish() {
    if (!node_.IsMap()) return;
    std::string known;
    for (const std::string& key : known_)
        if (std::ranges::find(refused_, key) == refused_.end())
            known += (known.empty() ? "" : ", ") + key;
    for (const auto& entry : node_) {
        const YAML::Node& name = entry.first;
        if (!name.IsScalar())
            wrong(name, "?", "a key must be text");
        else if (std::ranges::find(known_, name.Scalar()) == known_.end())
            wrong(name, name.Scalar(), fmt::format("unknown key; known are {}", known));
    }
}

} // namespace holdfast::config
