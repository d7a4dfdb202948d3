#include <load/replay/csv.hpp>

#include <fmt/format.h>

namespace holdfast::load {
namespace {

constexpr std::size_t kRowBytesMax = std::size_t{1} << 20U;
constexpr int kEnd = std::istream::traits_type::eof();

Error at_line(std::size_t line, std::string_view reason) {
    return fail(Errc::malformed, fmt::format("CSV line {}: {}", line, reason));
}

} // namespace

// Reads one field and what ends it; true when that was the end of the row.
Result<bool> CsvReader::read_field(std::string& field) {
    const bool quoted = in_.peek() == '"';
    bool open = quoted;
    if (quoted) in_.get();
    for (;;) {
        const int c = in_.get();
        if (++row_bytes_ > kRowBytesMax) return at_line(row_line_, "row longer than 1 MiB");
        if (c == '\n') ++at_line_;
        if (open) {
            if (c == kEnd) return at_line(row_line_, "a quote is never closed");
            if (c != '"') {
                field += static_cast<char>(c);
            } else if (in_.peek() == '"') {
                field += static_cast<char>(in_.get());
            } else {
                open = false;
            }
            continue;
        }
        if (c == ',') return false;
        if (c == '\n' || c == kEnd) return true;
        if (c == '\r' && (in_.peek() == '\n' || in_.peek() == kEnd)) continue;
        if (quoted) return at_line(row_line_, "text behind a closing quote");
        field += static_cast<char>(c);
    }
}

Result<std::vector<std::string>> CsvReader::next() {
    std::vector<std::string> fields;
    while (in_.peek() != kEnd) {
        row_line_ = at_line_;
        row_bytes_ = 0;
        for (bool last = false; !last;) {
            std::string field;
            HF_TRY(last, read_field(field));
            fields.push_back(std::move(field));
        }
        if (fields.size() > 1 || !fields.front().empty()) return fields;
        fields.clear(); // a blank line
    }
    return fields;
}

} // namespace holdfast::load
