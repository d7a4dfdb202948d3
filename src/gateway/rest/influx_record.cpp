#include <gateway/rest/influx_record.hpp>

#include <holdfast/record/header_names.hpp>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <type_traits>

namespace holdfast::gateway {
namespace {

using Tags = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kTags = "tags"; // the member beside the measurement's

void add_text(std::string& out, std::string_view text) {
    out += boost::json::serialize(boost::json::string_view(text));
}

void add_number(std::string& out, double value) {
    const std::string text = fmt::format("{}", value); // the shortest that reads back as it
    out += text;
    if (text.find_first_of(".e") == std::string::npos) out += ".0";
}

void add_value(std::string& out, const influx::Value& value) {
    std::visit(
        [&out](const auto& held) {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::string>)
                add_text(out, held);
            else if constexpr (std::is_same_v<Held, bool>)
                out += held ? "true" : "false";
            else if constexpr (std::is_same_v<Held, double>)
                add_number(out, held);
            else
                out += fmt::format("{}", held);
        },
        value);
}

template <class Named, class AddValue>
void add_object(std::string& out, const Named& members, AddValue add) {
    char before = '{';
    for (const auto& [name, value] : members) {
        out += before;
        add_text(out, name);
        out += ':';
        add(out, value);
        before = ',';
    }
    out += '}';
}

// Which of the tags is the device; end() where none is.
Tags::const_iterator find_device(const Tags& tags, const std::vector<std::string>& device_tags) {
    for (const std::string& wanted : device_tags) {
        const auto found = std::ranges::find(tags, wanted, &Tags::value_type::first);
        if (found != tags.end()) return found;
    }
    return tags.end();
}

// The same for the same tags, in whatever order a client writes them.
std::string series_of(const influx::Line& line) {
    Tags sorted = line.tags;
    std::ranges::sort(sorted);
    std::string series = line.measurement;
    for (const auto& [name, value] : sorted) series += fmt::format(",{}={}", name, value);
    return series;
}

} // namespace

std::vector<std::string> device_tags(std::string_view header) {
    std::vector<std::string> tags;
    while (!header.empty()) {
        std::string_view tag = header.substr(0, header.find(','));
        header.remove_prefix(std::min(header.size(), tag.size() + 1));
        while (tag.starts_with(' ')) tag.remove_prefix(1);
        while (tag.ends_with(' ')) tag.remove_suffix(1);
        if (!tag.empty()) tags.emplace_back(tag);
    }
    if (tags.empty()) tags = {"device", "host"};
    return tags;
}

Result<NewRecord> influx_record(const influx::Line& line,
                                const std::vector<std::string>& device_tags) {
    if (line.measurement == kTags)
        return fail(Errc::malformed, "'tags' cannot be a measurement here: the tags stand there");
    NewRecord record;
    if (line.time_ms) {
        HF_TRY(const auto event_ms, check_time_ms(*line.time_ms));
        record.headers.emplace_back(record::kHeaderEventTime, std::to_string(event_ms));
    }
    Tags tags = line.tags;
    if (const auto device = find_device(tags, device_tags); device != tags.end()) {
        record.key = device->second;
        tags.erase(device);
    } else {
        record.key = series_of(line);
    }
    std::string& value = record.value.emplace("{");
    add_text(value, line.measurement);
    value += ':';
    add_object(value, line.fields, add_value);
    if (!tags.empty()) {
        value += ",\"tags\":";
        add_object(value, tags,
                   [](std::string& out, std::string_view text) { add_text(out, text); });
    }
    value += '}';
    return record;
}

} // namespace holdfast::gateway
