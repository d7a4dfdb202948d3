#include "models/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::models {

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
    ++line_;
    if (text_.ends_with('\r')) text_.pop_back();
    return true;
}

Result<bool> CsvReader::next(std::vector<std::string>& cells) {
    do {
        HF_TRY(const bool has_line, read_line());
        if (!has_line) return false;
    } while (text_.empty());
    if (separator_ == 0)
        separator_ = std::ranges::count(text_, ';') > std::ranges::count(text_, ',') ? ';' : ',';

    cells.assign(1, {});
    bool is_quoted = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
        const char c = text_[i];
        if (is_quoted && c == '"' && i + 1 < text_.size() && text_[i + 1] == '"') {
            cells.back() += c;
            ++i;
        } else if (c == '"' && (is_quoted || cells.back().empty())) {
            is_quoted = !is_quoted;
        } else if (c == separator_ && !is_quoted) {
            cells.emplace_back();
        } else {
            cells.back() += c;
        }
    }
    if (is_quoted)
        return fail(Errc::malformed, fmt::format("line {}: a quote does not close", line_));
    return true;
}

std::string csv_cell(std::string_view text) {
    if (text.find_first_of("\",;\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

} // namespace holdfast::models
