#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/query/engine.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::query {

enum class ResultFormat : std::uint8_t {
    json,   // one object: columns with types, rows as arrays, then the counts
    ndjson, // one object a row, by name; then {"summary": {...}}
    csv,    // RFC 4180 with a header; NULL is empty, text that is empty is ""
};
[[nodiscard]] std::optional<ResultFormat> result_format_from(std::string_view name) noexcept;
[[nodiscard]] std::string_view media_type(ResultFormat format) noexcept;

// The answer of a query as text, piece by piece: what was added comes out of take(). One thread at
// a time.
class ResultText {
public:
    explicit ResultText(ResultFormat format) : format_(format) {}

    void begin(std::vector<std::string> names);
    // Rows from `row` on until about `bytes_max` of text wait, at least one; gives the row behind
    // the last: a batch may be as many times larger than its values as it has rows. The type of a
    // column is that of its first batch: "MIXED" where its values differ there.
    [[nodiscard]] std::size_t rows(const column::Frame& batch, std::size_t row,
                                   std::size_t bytes_max);
    void end(const Summary& summary);
    // The answer breaks off: JSON and NDJSON say why, CSV has no place for it.
    void fail(const Error& why);

    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
    [[nodiscard]] std::string take();

private:
    void write_head(const column::Frame* first);
    void write_row(const column::Frame& batch, std::size_t row);
    void write_csv_row(const column::Frame& batch, std::size_t row);

    ResultFormat format_;
    std::vector<std::string> names_;
    std::string text_;
    bool has_head_ = false;
    bool has_rows_ = false;
};

} // namespace holdfast::query
