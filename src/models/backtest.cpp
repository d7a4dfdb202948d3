#include <holdfast/models/backtest.hpp>
#include <holdfast/models/csv.hpp>

#include "models/scorer.hpp"

#include <holdfast/column/field.hpp>
#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ostream>
#include <variant>

namespace holdfast::models {
namespace {

constexpr std::array<std::string_view, 4> kTimeNames = {"ts", "timestamp", "time", "datetime"};
constexpr std::int64_t kUsPerMs = 1000;
constexpr std::uint64_t kRowsAStep = 4096; // between two reports of progress

// Where the model's columns stand in the file.
struct Layout {
    std::size_t time = 0;
    std::vector<std::size_t> fields;
    std::optional<std::size_t> label;
};

std::optional<std::size_t> place_of(const std::vector<std::string>& header, std::string_view name) {
    auto found = std::ranges::find(header, name);
    // A payload path that is one quoted name: `"engine temp"`.
    if (found == header.end())
        if (const auto path = column::Path::parse(name); path && path.value().steps.size() == 1)
            if (const auto* only = std::get_if<std::string>(&path.value().steps.front()))
                found = std::ranges::find(header, *only);
    if (found == header.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header.begin());
}

Result<Layout> find_columns(const ModelSpec& spec, const BacktestOptions& options,
                            const std::vector<std::string>& header) {
    Layout layout;
    const auto missing = [](std::string_view name) {
        return fail(Errc::malformed, fmt::format("line 1: there is no column '{}'", name));
    };
    const std::string& time = options.time_column.empty() ? spec.time : options.time_column;
    if (!time.empty()) {
        const auto place = place_of(header, time);
        if (!place) return missing(time);
        layout.time = *place;
    } else {
        for (auto name = kTimeNames.rbegin(); name != kTimeNames.rend(); ++name)
            if (const auto place = place_of(header, *name)) layout.time = *place;
    }
    for (const std::string& field : spec.fields) {
        const auto place = place_of(header, field);
        if (!place) return missing(field);
        layout.fields.push_back(*place);
    }
    if (!options.label_column.empty()) {
        layout.label = place_of(header, options.label_column);
        if (!layout.label) return missing(options.label_column);
    }
    return layout;
}

// What was known of the rows beside what the model said of them.
class Labels {
public:
    Result<void> add(std::string_view cell, bool has_decimal_commas, double score) {
        double label = csv_number(cell, has_decimal_commas);
        if (cell == "true") label = 1.0;
        if (cell == "false") label = 0.0;
        if (std::isnan(label)) return ok(); // nobody knows
        if (labels_.size() == kLabelsMax)
            return fail(Errc::too_large, fmt::format("more than {} rows with labels", kLabelsMax));
        labels_.push_back(label != 0.0 ? 1.0 : 0.0);
        scores_.push_back(score);
        return ok();
    }
    [[nodiscard]] Result<ml::LabelScores> scores(double threshold) const {
        return ml::score_labels(labels_, scores_, threshold);
    }

private:
    static constexpr std::size_t kLabelsMax = 16U << 20U;
    std::vector<double> labels_;
    std::vector<double> scores_;
};

// Event time as a JSON payload with the same text would give it.
std::optional<std::int64_t> event_us(std::string_view text) {
    double number = 0.0;
    std::int64_t whole = 0;
    const char* const end = text.data() + text.size();
    if (const auto read = std::from_chars(text.data(), end, whole);
        read.ec == std::errc() && read.ptr == end)
        return column::timestamp_from_epoch(whole);
    if (const auto read = std::from_chars(text.data(), end, number);
        read.ec == std::errc() && read.ptr == end)
        return column::timestamp_from_epoch(number);
    return column::parse_timestamp(text);
}

// A column of which nothing could be read is a mistake in the file or the model, not a signal that
// was silent all the time.
Result<void> check_columns(const ModelSpec& spec, const BacktestResult& result) {
    for (std::size_t i = 0; i < spec.fields.size(); ++i)
        if (result.rows != 0 && result.without_number[i] == result.rows)
            return fail(Errc::malformed, fmt::format("column '{}' has no number in any of {} rows",
                                                     spec.fields[i], result.rows));
    return ok();
}

void write_row(std::ostream& out, const std::vector<std::string>& cells, const Layout& layout,
               const Scorer::Scored& scored, BacktestResult& result) {
    out << csv_cell(cells[layout.time]);
    for (const std::size_t field : layout.fields) out << ',' << csv_cell(cells[field]);
    out << ',' << fmt::format("{}", scored.score) << ',';
    if (scored.change) {
        const bool is_raised = scored.change->state == alarms::AlarmState::active;
        if (!scored.is_worse) ++(is_raised ? result.alarms_raised : result.alarms_cleared);
        out << (scored.is_worse ? "worse"
                : is_raised     ? "raised"
                                : "cleared")
            << ',' << csv_cell(scored.change->details_json);
    } else {
        out << ',';
    }
    out << '\n';
}

} // namespace

Result<BacktestResult> backtest(const ModelSpec& spec, const BacktestOptions& options,
                                std::istream& in, std::ostream& out) {
    CsvReader reader(in);
    std::vector<std::string> cells;
    HF_TRY(const bool has_header, reader.next(cells));
    if (!has_header) return fail(Errc::malformed, "the file has no header");
    HF_TRY(const Layout layout, find_columns(spec, options, cells));
    const std::size_t columns = cells.size();
    out << csv_cell(cells[layout.time]);
    for (const std::string& field : spec.fields) out << ',' << csv_cell(field);
    out << ",score,alarm,details\n";

    Scorer scorer(spec);
    Labels labels;
    BacktestResult result;
    result.without_number.resize(spec.fields.size());
    std::vector<double> values(spec.fields.size());
    for (;;) {
        HF_TRY(const bool has_row, reader.next(cells));
        if (!has_row) break;
        if (cells.size() != columns)
            return fail(Errc::malformed, fmt::format("line {}: {} cells where the header has {}",
                                                     reader.line(), cells.size(), columns));
        const auto time_us = event_us(cells[layout.time]);
        if (!time_us)
            return fail(Errc::malformed, fmt::format("line {}: '{}' is not a time", reader.line(),
                                                     cells[layout.time]));
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = csv_number(cells[layout.fields[i]], reader.has_decimal_commas());
            if (std::isnan(values[i])) ++result.without_number[i];
        }
        Scorer::Scored scored; // a row without any number is passed over, as live
        if (std::ranges::any_of(values, [](double value) { return !std::isnan(value); })) {
            HF_TRY(scored, scorer.score(options.device, *time_us / kUsPerMs, values));
        }
        write_row(out, cells, layout, scored, result);
        if (layout.label) {
            HF_TRY(labels.add(cells[*layout.label], reader.has_decimal_commas(), scored.score));
        }
        ++result.rows;
        if (options.progress && result.rows % kRowsAStep == 0) {
            HF_TRY(options.progress(static_cast<std::uint64_t>(in.tellg())));
        }
    }
    out.flush();
    if (!out) return fail(Errc::io, "cannot write the scores");
    HF_TRY(check_columns(spec, result));
    if (layout.label) {
        auto scores = labels.scores(spec.threshold());
        if (!scores)
            return fail(scores.error().code, fmt::format("column '{}': {}", options.label_column,
                                                         scores.error().context));
        result.labels = scores.value();
    }
    return result;
}

} // namespace holdfast::models
