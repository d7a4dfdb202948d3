#include <holdfast/record/payload_text.hpp>

#include "record/fitting_numbers.hpp"

#include <fmt/format.h>
#include <simdjson.h>

namespace holdfast::record {
namespace {

// RFC 6901 for a dotted path.
std::string json_pointer(std::string_view path) {
    std::string pointer = "/";
    for (const char c : path) {
        switch (c) {
            case '.': pointer += '/'; break;
            case '~': pointer += "~0"; break;
            case '/': pointer += "~1"; break;
            default: pointer += c;
        }
    }
    return pointer;
}

} // namespace

std::optional<std::string> payload_text(ByteView payload, std::string_view path) {
    if (payload.empty()) return std::nullopt; // the parser copies, and may not copy from null
    thread_local simdjson::dom::parser parser;
    simdjson::dom::element document;
    auto error = parser.parse(as_text(payload).data(), payload.size()).get(document);
    if (error == simdjson::NUMBER_ERROR)
        error = parser.parse(with_fitting_numbers(as_text(payload))).get(document);
    if (error != simdjson::SUCCESS) return std::nullopt;
    simdjson::dom::element found;
    if (document.at_pointer(json_pointer(path)).get(found) != simdjson::SUCCESS)
        return std::nullopt;
    switch (found.type()) {
        case simdjson::dom::element_type::STRING: return std::string(found.get_string().value());
        case simdjson::dom::element_type::INT64: return fmt::to_string(found.get_int64().value());
        case simdjson::dom::element_type::UINT64: return fmt::to_string(found.get_uint64().value());
        case simdjson::dom::element_type::DOUBLE: return fmt::to_string(found.get_double().value());
        case simdjson::dom::element_type::BOOL: return found.get_bool().value() ? "true" : "false";
        default: return std::nullopt;
    }
}

} // namespace holdfast::record
