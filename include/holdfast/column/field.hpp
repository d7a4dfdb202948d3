#pragma once

#include <holdfast/base/result.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::column {

// A path into a JSON document: `a[0].b`, `a[-1]`, `"odd key"`. At most 32 steps.
struct Path {
    using Step =
        std::variant<std::string, std::int64_t>; // a member, or an element (< 0: from the end)
    static constexpr std::size_t kStepsMax = 32;

    std::vector<Step> steps;

    // malformed with what is wrong with it.
    [[nodiscard]] static Result<Path> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    friend auto operator<=>(const Path&, const Path&) = default;
};

// Adds a member's name to a path that is written as text; quoted where it must be.
void append_member(std::string& path, std::string_view name);

// What a column of a record is read from.
enum class FieldKind : std::uint8_t {
    path,        // the payload's JSON at `path`
    value,       // the payload itself where it is a bare number or text, else its member `value`
    payload,     // the payload as text (NULL where it is not UTF-8)
    topic,       // the MQTT topic
    topic_level, // its level number `level`, from 0; negative from the end
    device,
    client_id,
    qos,
    ts,         // event time
    arrival_ts, // ingest time
    stream,
    partition,
    offset,
};

struct Field {
    FieldKind kind = FieldKind::path;
    Path path{};            // kind path; for kind ts the EVENT TIME path, if any
    std::int64_t level = 0; // kind topic_level only

    // True where the payload must be decoded for it.
    [[nodiscard]] bool is_from_payload() const noexcept {
        return kind == FieldKind::path || kind == FieldKind::value;
    }
    [[nodiscard]] std::string to_string() const;
    friend auto operator<=>(const Field&, const Field&) = default;
};

// Level `level` of a topic (from 0, negative from the end); false where it has no such level.
[[nodiscard]] bool topic_level(std::string_view topic, std::int64_t level,
                               std::string_view& out) noexcept;

} // namespace holdfast::column
