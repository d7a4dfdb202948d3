#include <holdfast/column/json_text.hpp>

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace holdfast::column {
namespace {

// The shortest form that reads back the same, and reads back as a double.
std::string float_text(double value) {
    std::string out = fmt::format("{}", value);
    if (out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
    return out;
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                                   static_cast<unsigned>(static_cast<unsigned char>(c)));
                } else {
                    out += c;
                }
        }
    }
    out += '"';
}

void append_json(std::string& out, const Value& value) {
    switch (value.type()) {
        case Type::null: out += "null"; return;
        case Type::text: append_json_string(out, value.as_text()); return;
        case Type::timestamp: append_json_string(out, format_timestamp(value.as_int())); return;
        case Type::float64:
            if (!std::isfinite(value.as_float())) {
                out += "null";
                return;
            }
            break;
        case Type::int64:
        case Type::boolean: break;
    }
    out += to_text(value);
}

std::string to_text(const Value& value) {
    switch (value.type()) {
        case Type::null: return {};
        case Type::int64: return fmt::format("{}", value.as_int());
        case Type::boolean: return value.is_true() ? "true" : "false";
        case Type::text: return std::string(value.as_text());
        case Type::timestamp: return format_timestamp(value.as_int());
        case Type::float64: return float_text(value.as_float());
    }
    return {};
}

} // namespace holdfast::column
