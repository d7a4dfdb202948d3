#include "app/query/result_table.hpp"

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace holdfast::app {
namespace {

namespace json = boost::json;

// What is longer is cut, and says so by "...", so that columns stay beside each other: one alone,
// as a plan, is whole.
constexpr std::size_t kCellWidthMax = 60;

// Columns of a terminal, as far as one counts code points.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// What a device sent must not move the cursor of who reads it.
std::string visible(std::string_view text, std::size_t width_max) {
    std::string out;
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c & 0xC0U) != 0x80U && ++width > width_max) return out + "...";
        if (c < 0x20 || c == 0x7F)
            out += fmt::format("\\x{:02X}", c);
        else
            out += text[i];
    }
    return out;
}

std::string cell_of(const json::value& value, std::size_t width_max) {
    if (value.is_null()) return "NULL";
    if (value.is_string()) return visible(std::string_view(value.get_string()), width_max);
    if (!value.is_double()) return json::serialize(value);
    std::string number; // as everywhere, not with Boost's exponents
    column::append_json(number, column::Value::of_float(value.get_double()));
    return number;
}

struct Table {
    std::vector<std::string> names;
    std::vector<bool> is_number; // by column
    std::vector<std::vector<std::string>> rows;
};

Table read_table(const json::object& answer) {
    Table table;
    const json::array& columns = answer.at("columns").as_array();
    const std::size_t width_max =
        columns.size() == 1 ? std::numeric_limits<std::size_t>::max() : kCellWidthMax;
    for (const json::value& column : columns) {
        const auto& described = column.as_object();
        const std::string_view type = described.at("type").as_string();
        table.names.push_back(
            visible(std::string_view(described.at("name").as_string()), width_max));
        table.is_number.push_back(type == "BIGINT" || type == "DOUBLE");
    }
    for (const json::value& row : answer.at("rows").as_array()) {
        auto& cells = table.rows.emplace_back();
        for (const json::value& value : row.as_array()) cells.push_back(cell_of(value, width_max));
    }
    return table;
}

void append_line(std::string& out, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths, const std::vector<bool>& is_right) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string blanks(widths[i] - width_of(cells[i]), ' ');
        out += i == 0 ? " " : " | ";
        out += is_right[i] ? blanks + cells[i] : cells[i] + blanks;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
}

std::string draw(const Table& table) {
    std::vector<std::size_t> widths;
    for (const std::string& name : table.names) widths.push_back(width_of(name));
    for (const auto& row : table.rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    std::string out;
    append_line(out, table.names, widths, std::vector<bool>(widths.size(), false));
    for (std::size_t i = 0; i < widths.size(); ++i)
        out += (i == 0 ? "" : "+") + std::string(widths[i] + 2, '-');
    out += '\n';
    for (const auto& row : table.rows) append_line(out, row, widths, table.is_number);
    return out;
}

} // namespace

Result<std::string> result_table(std::string_view text) {
    json::error_code error;
    const json::value answer = json::parse(text, error);
    if (error || !answer.is_object() || !answer.as_object().contains("row_count"))
        return fail(Errc::malformed, "the answer is not whole");
    const json::object& object = answer.as_object();
    const auto& rows = object.at("row_count");
    std::string out = draw(read_table(object)) +
                      fmt::format("({} row{}, {} ms)\n", json::serialize(rows),
                                  rows == 1 ? "" : "s", json::serialize(object.at("elapsed_ms")));
    // an older server does not say
    const json::value* first = object.if_contains("first_unreadable");
    if (first != nullptr && first->is_string())
        out += fmt::format("records that could not be read, NULL above: {}; the first: {}\n",
                           json::serialize(object.at("unreadable_records")),
                           std::string_view(first->as_string()));
    return out;
}

} // namespace holdfast::app
