#include <holdfast/query/result_text.hpp>

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::query {
namespace {

using column::Type;
using column::Value;

// What the cells of a column are, as far as one batch tells.
std::string_view type_of(const column::Column& column) {
    Type seen = Type::null;
    for (std::size_t row = 0; row < column.rows(); ++row) {
        const Type type = column.type_at(row);
        if (type == Type::null || type == seen) continue;
        if (seen != Type::null) return "MIXED";
        seen = type;
    }
    return column::to_string(seen);
}

// Text out of a payload was checked when it was decoded; a topic or a client id was not.
void append_cell(std::string& out, const Value& value) {
    if (value.type() == Type::text && !is_utf8(value.as_text()))
        out += "null";
    else
        column::append_json(out, value);
}

void append_csv(std::string& out, std::string_view text) {
    const bool is_plain = !text.empty() &&
                          text.find_first_of(",\"\r\n") == std::string_view::npos &&
                          text.front() != ' ' && text.back() != ' ';
    if (is_plain) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

std::string counts_of(const Summary& summary) {
    std::string first = "null";
    if (summary.unreadable > 0) {
        first.clear();
        column::append_json_string(first, summary.first_unreadable);
    }
    return fmt::format(R"("row_count":{},"rows_read":{},"mismatches":{},"damaged_ranges":{},)"
                       R"("unreadable_records":{},"first_unreadable":{},)"
                       R"("elapsed_ms":{},"peak_bytes":{})",
                       summary.rows, summary.rows_read, summary.mismatches, summary.damaged,
                       summary.unreadable, first, summary.elapsed_ms, summary.peak_bytes);
}

} // namespace

std::optional<ResultFormat> result_format_from(std::string_view name) noexcept {
    if (name == "json") return ResultFormat::json;
    if (name == "ndjson") return ResultFormat::ndjson;
    if (name == "csv") return ResultFormat::csv;
    return std::nullopt;
}

std::string_view media_type(ResultFormat format) noexcept {
    switch (format) {
        case ResultFormat::json: return "application/json";
        case ResultFormat::ndjson: return "application/x-ndjson";
        case ResultFormat::csv: return "text/csv; charset=utf-8; header=present";
    }
    return "application/octet-stream";
}

void ResultText::begin(std::vector<std::string> names) {
    names_ = std::move(names);
}

// With the first batch, since only values have types; without any row when the end is known.
void ResultText::write_head(const column::Frame* first) {
    if (std::exchange(has_head_, true) || format_ == ResultFormat::ndjson) return;
    if (format_ == ResultFormat::json) text_ += R"({"columns":[)";
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (i != 0) text_ += ',';
        if (format_ == ResultFormat::csv) {
            append_csv(text_, names_[i]);
            continue;
        }
        text_ += R"({"name":)";
        column::append_json_string(text_, names_[i]);
        text_ += fmt::format(R"(,"type":"{}"}})", first != nullptr ? type_of(*first->columns[i])
                                                                   : column::to_string(Type::null));
    }
    text_ += format_ == ResultFormat::csv ? "\r\n" : "],\n\"rows\":[";
}

std::size_t ResultText::rows(const column::Frame& batch, std::size_t row, std::size_t bytes_max) {
    write_head(&batch);
    while (row < batch.rows) {
        if (format_ == ResultFormat::csv)
            write_csv_row(batch, row);
        else
            write_row(batch, row);
        ++row;
        if (text_.size() >= bytes_max) break;
    }
    return row;
}

void ResultText::write_row(const column::Frame& batch, std::size_t row) {
    const bool has_names = format_ == ResultFormat::ndjson;
    if (!has_names) text_ += std::exchange(has_rows_, true) ? ",\n" : "\n";
    text_ += has_names ? '{' : '[';
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
        if (i != 0) text_ += ',';
        if (has_names) {
            column::append_json_string(text_, names_[i]);
            text_ += ':';
        }
        append_cell(text_, batch.columns[i]->at(row));
    }
    text_ += has_names ? "}\n" : "]";
}

void ResultText::write_csv_row(const column::Frame& batch, std::size_t row) {
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
        if (i != 0) text_ += ',';
        const Value value = batch.columns[i]->at(row);
        if (!value.is_null()) append_csv(text_, column::to_text(value));
    }
    text_ += "\r\n";
}

void ResultText::end(const Summary& summary) {
    write_head(nullptr);
    if (format_ == ResultFormat::json) text_ += "],\n" + counts_of(summary) + "}\n";
    if (format_ == ResultFormat::ndjson) text_ += R"({"summary":{)" + counts_of(summary) + "}}\n";
}

void ResultText::fail(const Error& why) {
    if (format_ == ResultFormat::csv) return;
    write_head(nullptr);
    text_ += format_ == ResultFormat::json ? "],\n\"error\":" : R"({"error":)";
    column::append_json_string(text_, why.context);
    text_ += "}\n";
}

std::string ResultText::take() {
    return std::exchange(text_, {});
}

} // namespace holdfast::query
