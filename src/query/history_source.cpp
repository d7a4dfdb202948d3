#include "query/history_source.hpp"

#include "query/history_cursor.hpp"
#include "query/log_source.hpp"
#include "query/told_by_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::query {
namespace {

using column::FieldKind;
using column::Path;
using sql::SourcePlan;

class HistoryAndLogCursor final : public exec::Cursor {
public:
    HistoryAndLogCursor(const history::Store& history, const log::Stream& stream,
                        const SourcePlan& source, exec::Context& context)
        : store_(history),
          stream_(stream.id),
          told_(history.coverage(stream.id), source.event_time.from_us, context),
          history_(history, stream, source, context,
                   [this](const std::string& device, const history::Reading& reading) {
                       return told_.note(device, reading);
                   }) {}

    Result<void> start(const log::Log& log, const SourcePlan& source, exec::Context& context) {
        HF_TRY(log_, open_log(log, {source.name}, source, context, &told_));
        return history_.start(devices_asked(store_, stream_, source));
    }
    Result<bool> next(column::Frame& out) override {
        if (!is_told_) {
            HF_TRY(const bool any, history_.next(out));
            if (any) return true;
            is_told_ = true;
        }
        return log_->next(out);
    }

private:
    const history::Store& store_;
    const StreamId stream_;
    ToldByDevice told_;
    HistoryCursor history_;
    std::unique_ptr<exec::Cursor> log_;
    bool is_told_ = false;
};

bool is_object(const std::string& name, const std::vector<std::string>& fields) {
    return std::any_of(fields.begin(), fields.end(), [&](const std::string& field) {
        return field.size() > name.size() && field.starts_with(name) && field[name.size()] == '.';
    });
}

// Of a bare payload `value` is a field that a path does not find, an array is text and an object is
// its members: what they would be taken for is read from the log.
bool means_the_same(const column::Field& field, const std::vector<std::string>& known) {
    if (field.kind == FieldKind::value) return !is_object("value", known);
    for (const Path::Step& step : field.path.steps)
        if (!std::holds_alternative<std::string>(step)) return false;
    const std::string name = field.path.to_string();
    return name != "value" && !is_object(name, known);
}

bool is_kept(const column::Field& field) {
    switch (field.kind) {
        case FieldKind::ts: return field.path.steps.empty();
        case FieldKind::path:
        case FieldKind::value:
        case FieldKind::device:
        case FieldKind::stream: return true;
        default: return false;
    }
}

} // namespace

std::optional<std::string> why_log_alone(const history::Store& history, const log::Stream& stream,
                                         const SourcePlan& source) {
    constexpr std::size_t kMany = sql::Catalog::kHistoryFieldsMax;
    const std::vector<std::string> known = history.fields(stream.id, kMany);
    if (known.empty()) return "history has nothing of it";
    for (const column::Field& field : source.fields)
        if (!is_kept(field)) return fmt::format("history does not keep {}", field.to_string());
    if (!history.coverage(stream.id).is_whole) return "something of it was over a bound of history";
    for (const column::Field& field : source.fields) {
        if (!field.is_from_payload()) continue;
        if (known.size() == kMany) return fmt::format("it has {} fields or more", kMany);
        if (!means_the_same(field, known))
            return fmt::format("history has {} in another form", field.to_string());
    }
    return std::nullopt;
}

Result<std::unique_ptr<exec::Cursor>> open_history(const history::Store& history,
                                                   const log::Stream& stream,
                                                   const SourcePlan& source,
                                                   exec::Context& context) {
    const auto nobody = [](const std::string&, const history::Reading&) { return ok(); };
    auto cursor = std::make_unique<HistoryCursor>(history, stream, source, context, nobody);
    HF_TRY(cursor->start(devices_asked(history, stream.id, source)));
    return cursor;
}

Result<std::unique_ptr<exec::Cursor>> open_history_and_log(const history::Store& history,
                                                           const log::Log& log,
                                                           const log::Stream& stream,
                                                           const SourcePlan& source,
                                                           exec::Context& context) {
    auto cursor = std::make_unique<HistoryAndLogCursor>(history, stream, source, context);
    HF_TRY(cursor->start(log, source, context));
    return cursor;
}

} // namespace holdfast::query
