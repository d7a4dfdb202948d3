#include <holdfast/models/csv.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace holdfast::models {

namespace {

// A spreadsheet that writes UTF-8 begins with it.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The one that the header has most of.
char separator_of(std::string_view header) {
    char best = ',';
    for (const char each : {';', '\t'})
        if (std::ranges::count(header, each) > std::ranges::count(header, best)) best = each;
    return best;
}

} // namespace

Result<bool> CsvReader::read_line() {
    text_.clear();
    bool has_any = false;
    for (int c = in_.get(); c != std::istream::traits_type::eof(); c = in_.get()) {
        has_any = true;
        if (c == '\n') break;
        if (text_.size() == kLineBytesMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("line {}: longer than {} bytes", line_ + 1, kLineBytesMax));
        text_ += static_cast<char>(c);
    }
    if (in_.bad()) return fail(Errc::io, fmt::format("cannot read line {}", line_ + 1));
    if (!has_any) return false;
    if (++line_ == 1 && text_.starts_with(kByteOrderMark)) text_.erase(0, kByteOrderMark.size());
    if (text_.ends_with('\r')) text_.pop_back();
    return true;
}

Result<bool> CsvReader::next(std::vector<std::string>& cells) {
    do {
        HF_TRY(const bool has_line, read_line());
        if (!has_line) return false;
    } while (text_.empty());
    if (separator_ == 0) separator_ = separator_of(text_);
    return split(cells);
}

// Blanks around a cell are not part of it, unless they are quoted: people write `ts, value`.
Result<bool> CsvReader::split(std::vector<std::string>& cells) {
    cells.clear();
    std::size_t at = 0;
    const auto is_blank = [this](char c) { return (c == ' ' || c == '\t') && c != separator_; };
    for (bool has_more = true; has_more;) {
        std::string& cell = cells.emplace_back();
        while (at < text_.size() && is_blank(text_[at])) ++at;
        std::size_t kept = 0; // bytes of the cell that are not to be trimmed
        bool is_quoted = false;
        for (; at < text_.size(); ++at) {
            const char c = text_[at];
            if (is_quoted && c == '"' && at + 1 < text_.size() && text_[at + 1] == '"') {
                cell += c;
                kept = cell.size();
                ++at;
            } else if (c == '"' && (is_quoted || cell.empty())) {
                is_quoted = !is_quoted;
            } else if (c == separator_ && !is_quoted) {
                break;
            } else {
                cell += c;
                if (is_quoted || !is_blank(c)) kept = cell.size();
            }
        }
        if (is_quoted)
            return fail(Errc::malformed, fmt::format("line {}: a quote does not close", line_));
        cell.resize(kept);
        has_more = at++ < text_.size();
    }
    return true;
}

double csv_number(std::string_view cell, bool has_decimal_commas) {
    std::string_view text = cell;
    std::string with_point;
    if (has_decimal_commas && std::ranges::count(text, ',') == 1 &&
        text.find('.') == std::string_view::npos) {
        with_point = text;
        std::ranges::replace(with_point, ',', '.');
        text = with_point;
    }
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc() && end == text.data() + text.size() &&
                           std::isfinite(value); // as JSON has it
    return is_number ? value : std::numeric_limits<double>::quiet_NaN();
}

std::string csv_cell(std::string_view text) {
    if (text.find_first_of("\",;\t\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

} // namespace holdfast::models
