#include <holdfast/query/table.hpp>

#include "query/cells.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/rules/engine.hpp>

#include <limits>

namespace holdfast::query {
namespace {

using column::Type;
using column::Value;
using namespace cells;

class Streams final : public Table {
public:
    explicit Streams(const log::Log& log) : log_(log) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        for (const auto& stream : log_.streams()) {
            if (!out.shows_stream(stream->settings.name)) continue;
            std::int64_t records = 0;
            std::uint64_t bytes = 0;
            for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
                const auto bounds = log_.bounds({stream->id, i});
                if (!bounds) continue; // deleted meanwhile
                records += bounds.value().high_watermark - bounds.value().log_start_offset;
                HF_TRY(const auto stored, log_.stored_bytes({stream->id, i}));
                bytes += stored;
            }
            const std::vector<Value> row{text(stream->settings.name),
                                         whole(stream->settings.partitions),
                                         whole(records),
                                         whole(bytes),
                                         whole(stream->settings.retention_ms),
                                         time_ms(stream->created_ms),
                                         Value::of_bool(stream->settings.internal)};
            HF_TRY(out.add(row));
        }
        return ok();
    }

private:
    const log::Log& log_;
    const sql::TableSchema schema_{"streams",
                                   {{"name", Type::text},
                                    {"partitions", Type::int64},
                                    {"records", Type::int64},
                                    {"bytes", Type::int64},
                                    {"retention_ms", Type::int64},
                                    {"created", Type::timestamp},
                                    {"internal", Type::boolean}}};
};

class Groups final : public Table {
public:
    Groups(const log::GroupOffsets& groups, const log::Log& log) : groups_(groups), log_(log) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        HF_TRY(const auto names, groups_.groups());
        for (const std::string& name : names) {
            HF_TRY(const auto offsets, groups_.of(name));
            for (const auto& each : offsets) {
                const auto stream = log_.find_stream(each.partition.stream);
                const auto bounds = log_.bounds(each.partition);
                if (stream == nullptr || !bounds) continue; // deleted meanwhile
                if (!out.shows_stream(stream->settings.name)) continue;
                const std::vector<Value> row{text(name),
                                             text(stream->settings.name),
                                             whole(each.partition.index),
                                             whole(each.offset),
                                             whole(bounds.value().high_watermark - each.offset),
                                             time_ms(each.committed_ms)};
                HF_TRY(out.add(row));
            }
        }
        return ok();
    }

private:
    const log::GroupOffsets& groups_;
    const log::Log& log_;
    const sql::TableSchema schema_{"groups",
                                   {{"name", Type::text},
                                    {"stream", Type::text},
                                    {"partition", Type::int64},
                                    {"offset", Type::int64},
                                    {"lag", Type::int64},
                                    {"committed", Type::timestamp}}};
};

class Rules final : public Table {
public:
    explicit Rules(const rules::Engine& rules) : rules_(rules) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        for (const auto& rule : rules_.list()) {
            const std::vector<Value> row{text(rule.name),
                                         text(rules::to_string(rule.status)),
                                         text_or_null(rule.reason),
                                         text_or_null(rule.made_by),
                                         text(rule.sql),
                                         time_ms(rule.created_ms),
                                         whole(rule.counts.records_in),
                                         whole(rule.counts.rows_out),
                                         whole(rule.counts.mismatches),
                                         whole(rule.counts.errors),
                                         whole(rule.lag),
                                         rule.last_error.empty() ? Value() : text(rule.last_error)};
            HF_TRY(out.add(row));
        }
        return ok();
    }

private:
    const rules::Engine& rules_;
    const sql::TableSchema schema_{"rules",
                                   {{"name", Type::text},
                                    {"status", Type::text},
                                    {"reason", Type::text},
                                    {"made_by", Type::text},
                                    {"sql", Type::text},
                                    {"created", Type::timestamp},
                                    {"records_in", Type::int64},
                                    {"rows_out", Type::int64},
                                    {"mismatches", Type::int64},
                                    {"errors", Type::int64},
                                    {"lag", Type::int64},
                                    {"last_error", Type::text}}};
};

class Models final : public Table {
public:
    explicit Models(const models::Engine& models) : models_(models) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        for (const auto& model : models_.list()) {
            const std::vector<Value> row{
                text(model.spec.name),
                text(model.text),
                whole(model.devices),
                whole(model.counts.scored),
                whole(model.counts.skipped),
                whole(model.lag),
                model.last_error.empty() ? Value() : text(model.last_error)};
            HF_TRY(out.add(row));
        }
        return ok();
    }

private:
    const models::Engine& models_;
    const sql::TableSchema schema_{"models",
                                   {{"name", Type::text},
                                    {"spec", Type::text},
                                    {"devices", Type::int64},
                                    {"scored", Type::int64},
                                    {"skipped", Type::int64},
                                    {"lag", Type::int64},
                                    {"last_error", Type::text}}};
};

class Alarms final : public Table {
public:
    explicit Alarms(const alarms::Registry& alarms) : alarms_(alarms) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
        for (const auto& alarm : alarms_.list({{}, {}, kAll})) {
            const std::string id = alarms::alarm_id(alarm);
            const auto& acknowledged = alarm.acknowledged;
            const auto& label = alarm.label;
            const auto& shelved = alarm.shelved;
            const bool is_for_good = !shelved || shelved->until_ms == 0;
            const std::vector<Value> row{
                text(id),
                text(alarm.source),
                text(alarm.name),
                text(alarm.key),
                text_or_null(alarm.device),
                text(alarms::to_string(alarm.state)),
                text(alarms::to_string(alarm.severity)),
                text_or_null(alarm.occurrence),
                time_ms(alarm.raised_ms),
                alarm.cleared_ms ? time_ms(*alarm.cleared_ms) : Value(),
                alarm.worsened_ms ? time_ms(*alarm.worsened_ms) : Value(),
                text_or_null(alarms::to_string(alarm.reason)),
                acknowledged ? time_ms(acknowledged->at_ms) : Value(),
                acknowledged ? text_or_null(acknowledged->by) : Value(),
                label ? text(alarms::to_string(*label)) : Value(),
                label ? time_ms(label->note.at_ms) : Value(),
                label ? text_or_null(label->note.by) : Value(),
                shelved ? time_ms(shelved->at_ms) : Value(),
                is_for_good ? Value() : time_ms(shelved->until_ms),
                shelved ? text_or_null(shelved->by) : Value(),
                alarm.details_json.empty() ? text("{}") : text(alarm.details_json)};
            HF_TRY(out.add(row));
        }
        return ok();
    }

private:
    const alarms::Registry& alarms_;
    const sql::TableSchema schema_{"alarms",
                                   {{"id", Type::text},
                                    {"source", Type::text},
                                    {"name", Type::text},
                                    {"key", Type::text},
                                    {"device", Type::text},
                                    {"state", Type::text},
                                    {"severity", Type::text},
                                    {"occurrence", Type::text},
                                    {"raised_at", Type::timestamp},
                                    {"cleared_at", Type::timestamp},
                                    {"worsened_at", Type::timestamp},
                                    {"reason", Type::text},
                                    {"acknowledged_at", Type::timestamp},
                                    {"acknowledged_by", Type::text},
                                    {"label", Type::text},
                                    {"labelled_at", Type::timestamp},
                                    {"labelled_by", Type::text},
                                    {"shelved_at", Type::timestamp},
                                    {"shelved_until", Type::timestamp},
                                    {"shelved_by", Type::text},
                                    {"details", Type::text}}};
};

} // namespace

Result<void> TableRows::add(std::span<const Value> row) {
    bytes_ += row.size() * sizeof(Value);
    std::vector<Value> kept(row.begin(), row.end());
    for (Value& each : kept) {
        if (each.type() != Type::text) continue;
        bytes_ += each.as_text().size();
        each = Value::of_text(texts_.keep(each.as_text()));
    }
    if (bytes_ > kBytesMax) return fail(Errc::limit_exceeded, "the table is larger than 32 MiB");
    rows_.push_back(std::move(kept));
    return ok();
}

std::unique_ptr<Table> streams_table(const log::Log& log) {
    return std::make_unique<Streams>(log);
}
std::unique_ptr<Table> groups_table(const log::GroupOffsets& groups, const log::Log& log) {
    return std::make_unique<Groups>(groups, log);
}
std::unique_ptr<Table> rules_table(const rules::Engine& rules) {
    return std::make_unique<Rules>(rules);
}
std::unique_ptr<Table> models_table(const models::Engine& models) {
    return std::make_unique<Models>(models);
}
std::unique_ptr<Table> alarms_table(const alarms::Registry& alarms) {
    return std::make_unique<Alarms>(alarms);
}

} // namespace holdfast::query
