#include "query/pipeline_rows.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace holdfast::query {
namespace {

using column::Type;
using column::Value;

constexpr std::int64_t kUsPerMs = 1000;

double number_of(const Value& cell) {
    if (cell.is_number()) return cell.as_float();
    if (cell.type() == Type::boolean) return cell.is_true() ? 1.0 : 0.0;
    return std::numeric_limits<double>::quiet_NaN();
}

std::int64_t to_ms(std::int64_t us) {
    return us / kUsPerMs - (us % kUsPerMs < 0 ? 1 : 0); // also before 1970
}

// Numbers are epoch milliseconds, as everywhere in JSON.
std::optional<std::int64_t> time_of(const Value& cell) {
    constexpr double kMsMax = 9e15; // exact in a double
    switch (cell.type()) {
        case Type::timestamp: return to_ms(cell.as_int());
        case Type::int64: return cell.as_int();
        case Type::float64:
            if (!(std::abs(cell.as_float()) <= kMsMax)) return std::nullopt;
            return static_cast<std::int64_t>(cell.as_float());
        case Type::text:
            if (const auto us = column::parse_timestamp(cell.as_text())) return to_ms(*us);
            return std::nullopt;
        default: return std::nullopt;
    }
}

} // namespace

PipelineRows::PipelineRows(const pipeline::Plan& plan, pipeline::Samples& out)
    : plan_(plan), out_(out), values_(plan.file.signals.size()) {}

Result<void> PipelineRows::begin(const std::vector<std::string>& names) {
    const config::PipelineFile& file = plan_.file;
    if (file.source.query.empty()) { // made of the stream: source_sql() says in which order
        device_ = 0;
        time_ = 1;
        for (std::size_t i = 0; i < values_.size(); ++i) signals_.push_back(2 + i);
        target_ = 2 + values_.size();
        return ok();
    }
    const auto place_of = [&](const std::string& name) -> Result<std::size_t> {
        const auto found = std::ranges::find(names, name);
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
        return fail(Errc::malformed, fmt::format("{}: the query gives no column '{}', but {}",
                                                 file.source.where, name, fmt::join(names, ", ")));
    };
    if (!file.device.empty()) {
        HF_TRY(device_, place_of(file.device));
    }
    HF_TRY(time_, place_of(file.time));
    for (const std::string& signal : file.signals) {
        HF_TRY(signals_.emplace_back(), place_of(signal));
    }
    HF_TRY(target_, place_of(file.target.empty() ? file.end : file.target));
    return ok();
}

Result<void> PipelineRows::rows(const column::Frame& batch) {
    for (std::size_t row = 0; row < batch.rows; ++row) {
        HF_TRY(add(batch, row));
    }
    rows_ += batch.rows;
    return ok();
}

Result<void> PipelineRows::add(const column::Frame& batch, std::size_t row) {
    const auto cell = [&](std::size_t column) { return batch.columns[column]->at(row); };
    const auto event_ms = time_of(cell(time_));
    if (!event_ms)
        return fail(Errc::malformed,
                    fmt::format("{}: row {} has no time in '{}'", plan_.file.where("source"),
                                rows_ + row + 1, plan_.file.time));
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = number_of(cell(signals_[i]));
    const Value device = device_ ? cell(*device_) : Value();
    const std::string name = device.is_null() ? std::string() : column::to_text(device);
    return out_.add(name, *event_ms, values_, number_of(cell(target_)));
}

} // namespace holdfast::query
