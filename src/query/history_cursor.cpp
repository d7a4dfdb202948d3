#include "query/history_cursor.hpp"

#include "query/device_filter.hpp"
#include "query/told_by_device.hpp"

#include <holdfast/column/json_path.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::query {
namespace {

using column::FieldKind;
using column::Path;
using column::Value;

bool is_scalar_of_payload(FieldKind kind) noexcept {
    return kind == FieldKind::path || kind == FieldKind::value;
}

// The column without which the condition is not true.
std::optional<std::size_t> column_needed(const sql::Expression& condition) {
    using sql::ExpressionKind;
    const auto slot_of = [](const sql::Expression& e) -> std::optional<std::size_t> {
        return e.kind == ExpressionKind::slot ? std::optional(e.slot) : std::nullopt;
    };
    switch (condition.kind) {
        case ExpressionKind::comparison: {
            const auto left = slot_of(*condition.args[0]);
            return left ? left : slot_of(*condition.args[1]);
        }
        case ExpressionKind::is_null:
            return condition.is_negated ? slot_of(*condition.args[0]) : std::nullopt;
        case ExpressionKind::between: return slot_of(*condition.args[0]);
        default: return std::nullopt;
    }
}

} // namespace

bool HistoryFields::is_field(std::size_t column) const noexcept {
    return is_scalar_of_payload(columns[column].kind) && columns[column].inside.steps.empty();
}

HistoryFields::HistoryFields(const sql::SourcePlan& source) {
    for (const column::Field& field : source.fields) {
        HistoryColumn& made = columns.emplace_back();
        made.kind = field.kind;
        if (!is_scalar_of_payload(field.kind)) continue;
        std::string name = "value";
        if (field.kind == FieldKind::path) {
            const auto& steps = field.path.steps;
            const auto array = std::find_if(steps.begin(), steps.end(), [](const Path::Step& step) {
                return std::holds_alternative<std::int64_t>(step);
            });
            name = Path{{steps.begin(), array}}.to_string();
            made.inside.steps.assign(array, steps.end());
        }
        const auto found = std::find(names.begin(), names.end(), name);
        made.field = static_cast<std::size_t>(found - names.begin());
        if (found == names.end()) names.push_back(std::move(name));
    }
}

std::vector<std::string> devices_asked(const history::Store& history, StreamId stream,
                                       const sql::SourcePlan& source) {
    const auto asked = DeviceFilter::of(source);
    return asked ? asked->devices() : history.devices(stream);
}

HistoryCursor::HistoryCursor(const history::Store& history, const log::Stream& stream,
                             const sql::SourcePlan& source, exec::Context& context, Read on_read)
    : history_(history),
      stream_(stream.id),
      stream_name_(stream.settings.name),
      source_(source),
      fields_(source),
      context_(context),
      on_read_(std::move(on_read)),
      names_memory_(context, "devices of a history"),
      rows_memory_(context, "rows of a device's history"),
      columns_(fields_.columns.size()) {
    for (const auto& condition : source.filters)
        if (const auto column = column_needed(*condition); column && fields_.is_field(*column))
            needed_.push_back(fields_.columns[*column].field);
}

Result<void> HistoryCursor::start(std::vector<std::string> devices) {
    devices_ = std::move(devices);
    std::size_t bytes = 0;
    for (const std::string& each : devices_) bytes += each.size() + kBytesPerName;
    return names_memory_.hold(bytes);
}

Result<bool> HistoryCursor::next(column::Frame& out) {
    for (;;) {
        HF_TRY(context_.check());
        if (!reading_) {
            if (at_ == devices_.size()) return false;
            reading_ = history_.read(request());
            HF_TRY(rows_memory_.hold(reading_->bytes()));
            HF_TRY(on_read_(devices_[at_], *reading_));
        }
        HF_TRY(const bool any, reading_->next(batch_));
        HF_TRY(rows_memory_.hold(reading_->bytes()));
        if (any) break;
        reading_.reset();
        ++at_;
    }
    arena_.clear();
    out.rows = batch_.rows();
    out.columns.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) out.columns.push_back(&column(i));
    made_for_ = at_;
    return true;
}

history::ScanRequest HistoryCursor::request() const {
    return {stream_,
            devices_[at_],
            fields_.names,
            source_.event_time.from_us,
            source_.event_time.to_us,
            context_.left_bytes() + rows_memory_.bytes(),
            source_.in_any_order,
            needed_};
}

const column::Column& HistoryCursor::column(std::size_t index) {
    const HistoryColumn& wanted = fields_.columns[index];
    column::Column& made = columns_[index];
    const bool is_field = is_scalar_of_payload(wanted.kind);
    if (is_field && wanted.inside.steps.empty()) return batch_.columns[wanted.field];
    if (wanted.kind == FieldKind::ts) {
        std::int64_t* words = made.fill(column::Type::timestamp, batch_.rows());
        std::copy(batch_.ts_us.begin(), batch_.ts_us.end(), words);
        return made;
    }
    const bool is_made = !is_field && made_for_ == at_ && made.rows() == batch_.rows();
    if (is_made) return made; // the same text in every row, as before
    made.reset(batch_.rows());
    for (std::size_t row = 0; row < batch_.rows(); ++row)
        made.set(row, is_field ? inside(batch_.columns[wanted.field].at(row), wanted.inside)
                               : Value::of_text(wanted.kind == FieldKind::device ? devices_[at_]
                                                                                 : stream_name_));
    return made;
}

Value HistoryCursor::inside(const Value& whole, const Path& path) {
    if (whole.type() != column::Type::text) return {};
    return column::json_at(whole.as_text(), path, arena_);
}

} // namespace holdfast::query
