#include "app/train/csv_samples.hpp"

#include "app/import/csv_row.hpp"

#include <holdfast/models/csv.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace holdfast::app {
namespace {

constexpr std::uint64_t kRowsAStep = 10'000; // between two reports of progress

struct Layout {
    std::optional<std::size_t> device; // none: all rows are of one
    std::size_t time = 0;
    std::optional<std::size_t> target; // none: not wanted
    std::vector<std::size_t> signals;
};

Result<Layout> find_columns(const config::PipelineFile& file, CsvTarget target,
                            const std::vector<std::string>& header) {
    const auto place_of = [&header](const std::string& name) -> Result<std::size_t> {
        const auto found = std::ranges::find(header, name);
        if (found == header.end())
            return fail(Errc::malformed, fmt::format("line 1: there is no column '{}'", name));
        return static_cast<std::size_t>(found - header.begin());
    };
    Layout out;
    if (!file.device.empty()) {
        HF_TRY(out.device, place_of(file.device));
    }
    HF_TRY(out.time, place_of(file.time));
    if (target == CsvTarget::wanted) {
        HF_TRY(out.target, place_of(file.target.empty() ? file.end : file.target));
    }
    for (const std::string& signal : file.signals) {
        HF_TRY(out.signals.emplace_back(), place_of(signal));
    }
    return out;
}

class Reading {
public:
    using Take = std::function<Result<void>(const CsvSample&)>;
    Reading(std::ifstream& in, const config::PipelineFile& pipeline, const Take& take)
        : in_(in), reader_(in), pipeline_(pipeline), take_(take) {}

    Result<void> run(double bytes, CsvTarget target,
                     const std::function<Result<void>(double)>& progress) {
        HF_TRY(const bool has_header, reader_.next(cells_));
        if (!has_header) return fail(Errc::malformed, "the file has no header");
        columns_ = cells_.size();
        HF_TRY(layout_, find_columns(pipeline_, target, cells_));
        values_.resize(layout_.signals.size());
        for (std::uint64_t row = 1;; ++row) {
            HF_TRY(const bool has_row, reader_.next(cells_));
            if (!has_row) return ok();
            if (auto added = add_row(); !added)
                return fail(added.error().code,
                            fmt::format("line {}: {}", reader_.line(), added.error().context));
            if (row % kRowsAStep == 0) {
                HF_TRY(progress(static_cast<double>(in_.tellg()) / bytes));
            }
        }
    }

private:
    Result<void> add_row() {
        if (cells_.size() != columns_)
            return fail(Errc::malformed,
                        fmt::format("{} cells, but {} columns", cells_.size(), columns_));
        HF_TRY(const std::int64_t time_ms, event_ms(cells_[layout_.time], TimeFormat::any));
        for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = value(layout_.signals[i]);
        CsvSample sample{{}, time_ms, values_, std::numeric_limits<double>::quiet_NaN()};
        if (layout_.device) sample.device = cells_[*layout_.device];
        if (layout_.target) sample.target = value(*layout_.target);
        return take_(sample);
    }

    [[nodiscard]] double value(std::size_t column) const {
        const std::string& cell = cells_[column];
        if (cell == "true") return 1.0;
        if (cell == "false") return 0.0;
        return models::csv_number(cell, reader_.has_decimal_commas());
    }

    std::ifstream& in_;
    models::CsvReader reader_;
    const config::PipelineFile& pipeline_;
    const Take& take_;
    std::vector<std::string> cells_;
    std::size_t columns_ = 0;
    Layout layout_;
    std::vector<double> values_;
};

} // namespace

Result<void> read_samples(const std::filesystem::path& file, const config::PipelineFile& pipeline,
                          CsvTarget target, const std::function<Result<void>(double)>& progress,
                          const std::function<Result<void>(const CsvSample&)>& take) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(file, error);
    std::ifstream in(file, std::ios::binary);
    if (error || !in)
        return fail(Errc::io, fmt::format("cannot read {}{}{}", file.string(), error ? ": " : "",
                                          error ? error.message() : ""));
    auto read = Reading(in, pipeline, take).run(static_cast<double>(bytes), target, progress);
    if (read || read.error().code == Errc::closed) return read;
    return fail(read.error().code, fmt::format("{}: {}", file.string(), read.error().context));
}

} // namespace holdfast::app
