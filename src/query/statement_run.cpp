#include "query/statement_run.hpp"

#include "query/history_parts.hpp"
#include "query/history_source.hpp"
#include "query/log_source.hpp"
#include "query/model_calls.hpp"
#include "query/source_rights.hpp"

#include <holdfast/exec/explain.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::query {
namespace {

using column::Column;
using column::Frame;
using column::Value;

// A table as it was when the cursor was opened.
class TableCursor final : public exec::Cursor {
public:
    TableCursor(std::unique_ptr<TableRows> rows, const sql::SourcePlan& source)
        : rows_(std::move(rows)), source_(source) {}

    Result<bool> next(Frame& out) override {
        const auto& rows = rows_->rows();
        if (at_ == rows.size()) return false;
        out.rows = std::min(exec::kBatchRows, rows.size() - at_);
        columns_.resize(source_.columns.size());
        out.columns.clear();
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            columns_[c].reset(out.rows);
            for (std::size_t i = 0; i < out.rows; ++i)
                columns_[c].set(i, rows[at_ + i][source_.columns[c]]);
            out.columns.push_back(&columns_[c]);
        }
        at_ += out.rows;
        return true;
    }

private:
    std::unique_ptr<TableRows> rows_;
    const sql::SourcePlan& source_;
    std::vector<Column> columns_;
    std::size_t at_ = 0;
};

Value value_of(const Parameter& parameter) {
    struct Visitor {
        Value operator()(std::monostate) const { return {}; }
        Value operator()(std::int64_t whole) const { return Value::of_int(whole); }
        Value operator()(double real) const { return Value::of_float(real); }
        Value operator()(bool truth) const { return Value::of_bool(truth); }
        Value operator()(const std::string& text) const { return Value::of_text(text); }
    };
    return std::visit(Visitor{}, parameter);
}

struct RecordColumn {
    const char* name;
    const char* type;
};
// As sql.md lists them; the paths of a payload cannot be listed.
constexpr RecordColumn kRecordColumns[] = {
    {"ts", "TIMESTAMP"},   {"device", "TEXT"},  {"topic", "TEXT"}, {"partition", "BIGINT"},
    {"offset", "BIGINT"},  {"payload", "TEXT"}, {"value", "any"},  {"arrival_ts", "TIMESTAMP"},
    {"client_id", "TEXT"}, {"qos", "BIGINT"},   {"stream", "TEXT"}};

} // namespace

StatementRun::Lines StatementRun::in_lines(std::vector<std::string> texts) {
    Lines lines;
    for (std::string& text : texts) lines.push_back({std::move(text)});
    return lines;
}

bool StatementRun::may_read(SourceKind kind, std::string_view name) const {
    return !may_read_ || may_read_(kind, name);
}

const Table* StatementRun::table(std::string_view name) const {
    for (const auto& each : parts_.tables)
        if (each->schema().name == name) return each.get();
    return nullptr;
}

const sql::TableSchema* StatementRun::find_table(std::string_view name) const {
    const Table* found = table(name);
    return found == nullptr ? nullptr : &found->schema();
}

bool StatementRun::has_stream(std::string_view name) const {
    return parts_.log.find_stream(name) != nullptr;
}

// Without the right to read the stream nothing is said of it; the query is denied once it is bound.
std::optional<std::vector<std::string>> StatementRun::history_fields(
    std::string_view stream) const {
    if (parts_.history == nullptr) return std::nullopt;
    const auto found = parts_.log.find_stream(stream);
    if (found == nullptr || !may_read(SourceKind::stream, stream))
        return std::vector<std::string>();
    return parts_.history->fields(found->id, kHistoryFieldsMax);
}

std::vector<std::string> StatementRun::names() const {
    std::vector<std::string> names;
    for (const auto& each : parts_.tables)
        if (may_read(SourceKind::table, each->schema().name)) names.push_back(each->schema().name);
    for (const auto& stream : parts_.log.streams())
        if (!stream->settings.internal && may_read(SourceKind::stream, stream->settings.name))
            names.push_back(stream->settings.name);
    return names;
}

Result<std::unique_ptr<exec::Cursor>> StatementRun::open(const sql::SourcePlan& source,
                                                         exec::Context& context) const {
    if (source.kind == sql::SourcePlan::Kind::table) {
        auto rows = std::make_unique<TableRows>(
            [this](std::string_view stream) { return may_read(SourceKind::stream, stream); });
        HF_TRY(table(source.name)->read(*rows));
        return std::make_unique<TableCursor>(std::move(rows), source);
    }
    if (source.kind == sql::SourcePlan::Kind::stream) return open_stream(source, context);
    return open_log(parts_.log, streams_of(source), source, context);
}

std::vector<std::string> StatementRun::streams_of(const sql::SourcePlan& source) const {
    if (source.kind == sql::SourcePlan::Kind::stream) return {source.name};
    return parts_.streams_of(source.name);
}

std::string StatementRun::extent(const sql::SourcePlan& source) const {
    if (source.kind == sql::SourcePlan::Kind::table || source.origin == "history") return {};
    const PartitionCount count = partitions_read(parts_.log, streams_of(source), source);
    std::string extent;
    if (count.read != count.all) extent = fmt::format("{} of {} partitions", count.read, count.all);
    const auto stream = parts_.log.find_stream(source.name);
    if (!may_choose(source) || stream == nullptr) return extent;
    if (!extent.empty()) extent += ", ";
    const auto why = why_log_alone(*parts_.history, *stream, source);
    return extent + (why ? "from the log alone: " + *why : "from history and log");
}

bool StatementRun::may_choose(const sql::SourcePlan& source) const noexcept {
    return source.kind == sql::SourcePlan::Kind::stream && source.origin.empty() &&
           parts_.history != nullptr;
}

Result<std::unique_ptr<exec::Cursor>> StatementRun::open_stream(const sql::SourcePlan& source,
                                                                exec::Context& context) const {
    const auto stream = parts_.log.find_stream(source.name);
    if (stream == nullptr)
        return fail(Errc::not_found, fmt::format("the stream '{}' was deleted", source.name));
    if (source.origin == "history") return open_history(*parts_.history, *stream, source, context);
    if (may_choose(source) && !why_log_alone(*parts_.history, *stream, source))
        return open_history_and_log(*parts_.history, parts_.log, *stream, source, context);
    return open_log(parts_.log, {source.name}, source, context);
}

bool StatementRun::has_parts(const sql::SourcePlan& source) const {
    if (!settings_.counts_in_history || parts_.history == nullptr) return false;
    if (source.origin == "history") return true;
    const auto stream = parts_.log.find_stream(source.name);
    return may_choose(source) && stream != nullptr &&
           !why_log_alone(*parts_.history, *stream, source);
}

Result<std::unique_ptr<exec::PartsCursor>> StatementRun::open_parts(const sql::SourcePlan& source,
                                                                    const exec::PartsPlan& plan,
                                                                    exec::Context& context) const {
    auto stream = parts_.log.find_stream(source.name);
    if (stream == nullptr)
        return fail(Errc::not_found, fmt::format("the stream '{}' was deleted", source.name));
    const log::Log* log = source.origin == "history" ? nullptr : &parts_.log;
    return open_history_parts(*parts_.history, log, std::move(stream), source, plan, context);
}

Result<Summary> StatementRun::run(const Request& request, Sink& sink) {
    const std::int64_t start_ms = parts_.clock.monotonic_ms();
    HF_TRY(auto statement, sql::parse_statement(request.sql));
    may_read_ = request.may_read;
    Summary summary;
    const auto finish = [&] { summary.elapsed_ms = parts_.clock.monotonic_ms() - start_ms; };
    if (statement.kind == sql::Statement::Kind::show) {
        HF_TRY(const auto lines, shown(statement.show));
        HF_TRY(give({"name", "kind"}, lines, sink, summary));
        finish();
        return summary;
    }
    if (statement.kind == sql::Statement::Kind::describe) {
        HF_TRY(const auto lines, described(statement.relation));
        HF_TRY(give({"column", "type"}, lines, sink, summary));
        finish();
        return summary;
    }
    ModelCalls models(models_for_asker());
    HF_TRY(models.resolve(statement.query));
    std::vector<Value> numbered;
    for (const Parameter& each : request.numbered) numbered.push_back(value_of(each));
    std::vector<std::pair<std::string, Value>> named;
    for (const auto& [name, value] : request.named) named.emplace_back(name, value_of(value));
    HF_TRY(const auto plan,
           sql::bind_query(statement.query, *this,
                           sql::Bindings{parts_.clock.now_ms() * 1000, numbered, named}));
    summary.columns = plan.names;
    if (may_read_) {
        HF_TRY(check_sources(plan, may_read_, parts_.streams_of));
    }
    if (statement.kind == sql::Statement::Kind::explain) {
        HF_TRY(give({"plan"}, in_lines(exec::explain(*exec::build(plan, *this))), sink, summary));
        finish();
        return summary;
    }
    const std::int64_t timeout_ms =
        std::clamp<std::int64_t>(request.timeout_ms, 1, settings_.timeout_ms_max);
    exec::Context context({settings_.memory_bytes_max, start_ms + timeout_ms, request.stop},
                          parts_.clock);
    if (statement.kind == sql::Statement::Kind::explain_analyze) {
        HF_TRY(analyze(plan, context, sink, summary));
    } else {
        HF_TRY(stream_rows(plan, context, sink, summary));
    }
    summary.rows_read = context.rows_read;
    summary.mismatches = context.mismatches;
    summary.damaged = context.damaged;
    summary.unreadable = context.unreadable;
    summary.first_unreadable = std::move(context.first_unreadable);
    summary.peak_bytes = context.peak_bytes();
    finish();
    return summary;
}

// Models ask for the right to read their area, as the table of them does.
Engine::PredictorOf StatementRun::models_for_asker() const {
    if (!parts_.predictor_of || !may_read_) return parts_.predictor_of;
    return [this](std::string_view name) -> Result<std::shared_ptr<const sql::Predictor>> {
        HF_TRY(may_read_(SourceKind::table, "models"));
        return parts_.predictor_of(name);
    };
}

// Runs it for its figures; the rows go nowhere.
Result<void> StatementRun::analyze(const sql::QueryPlan& plan, exec::Context& context, Sink& sink,
                                   Summary& summary) {
    exec::Profile profile;
    context.profile_into(&profile);
    const auto root = exec::build(plan, *this);
    {
        HF_TRY(const auto cursor, root->open(context));
        for (Frame frame;;) {
            HF_TRY(context.check());
            HF_TRY(const bool any, cursor->next(frame));
            if (!any) break;
        }
    }
    context.profile_into(nullptr);
    return give({"plan"}, in_lines(exec::explain(*root, &profile)), sink, summary);
}

Result<void> StatementRun::stream_rows(const sql::QueryPlan& plan, exec::Context& context,
                                       Sink& sink, Summary& summary) const {
    const auto root = exec::build(plan, *this);
    HF_TRY(const auto cursor, root->open(context));
    HF_TRY(sink.begin(plan.names));
    for (Frame frame;;) {
        HF_TRY(context.check());
        HF_TRY(const bool any, cursor->next(frame));
        if (!any) return ok();
        if (frame.rows == 0) continue;
        HF_TRY(sink.rows(frame));
        summary.rows += frame.rows;
    }
}

Result<void> StatementRun::give(const std::vector<std::string>& names, const Lines& lines,
                                Sink& sink, Summary& summary) {
    HF_TRY(sink.begin(names));
    std::vector<Column> columns(names.size());
    Frame frame{{}, lines.size()};
    for (std::size_t c = 0; c < columns.size(); ++c) {
        columns[c].reset(lines.size());
        for (std::size_t row = 0; row < lines.size(); ++row)
            columns[c].set(row, Value::of_text(lines[row][c]));
        frame.columns.push_back(&columns[c]);
    }
    summary.rows = lines.size();
    return lines.empty() ? ok() : sink.rows(frame);
}

Result<StatementRun::Lines> StatementRun::shown(const std::string& what) const {
    if (what != "tables")
        return fail(Errc::malformed,
                    fmt::format("line 1, column 6: TABLES is expected, not '{}'", what));
    Lines lines;
    for (const std::string& name : names())
        lines.push_back({name, table(name) != nullptr ? "table" : "stream"});
    std::sort(lines.begin(), lines.end());
    return lines;
}

Result<StatementRun::Lines> StatementRun::described_history(
    const sql::RelationRef& relation) const {
    if (may_read_) {
        HF_TRY(may_read_(SourceKind::stream, relation.name));
    }
    const auto fields = history_fields(relation.name);
    if (!fields)
        return sql::error_at(Errc::not_supported, relation.at,
                             "no history is kept here: history.enabled is false");
    Lines lines{{"ts", "TIMESTAMP"}, {"device", "TEXT"}, {"stream", "TEXT"}};
    for (const std::string& field : *fields) lines.push_back({field, "any"});
    return lines;
}

Result<StatementRun::Lines> StatementRun::described(const sql::RelationRef& relation) const {
    Lines lines;
    const bool may_be_table =
        relation.kind == sql::RelationRef::Kind::name && relation.origin.empty();
    const sql::TableSchema* schema = may_be_table ? find_table(relation.name) : nullptr;
    if (schema != nullptr) {
        if (may_read_) {
            HF_TRY(may_read_(SourceKind::table, relation.name));
        }
        for (const auto& column : schema->columns)
            lines.push_back({column.name, std::string(column::to_string(column.type))});
        return lines;
    }
    const bool is_record =
        relation.kind == sql::RelationRef::Kind::filter ||
        relation.kind == sql::RelationRef::Kind::latest ||
        (relation.kind == sql::RelationRef::Kind::name && has_stream(relation.name));
    if (!is_record)
        return sql::error_at(Errc::not_found, relation.at,
                             fmt::format("there is no stream or table '{}'", relation.name));
    if (relation.origin == "history") return described_history(relation);
    for (const auto& [name, type] : kRecordColumns) lines.push_back({name, type});
    return lines;
}

} // namespace holdfast::query
