#pragma once

#include <holdfast/column/json_path.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>
#include <holdfast/exec/row_source.hpp>
#include <holdfast/record/payload_columns.hpp>
#include <holdfast/sql/catalog.hpp>
#include <holdfast/topic/topic.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

// Relations in memory: records of one partition, read as the log's are, streams that are filters
// over them, and tables. What queries are tested against where no log is needed.
class TestRows final : public exec::RowSource, public sql::Catalog {
public:
    // Device is the topic's second level (or its first), arrival as given.
    void add_record(std::string topic, std::string payload, std::int64_t arrival_ms) {
        records_.push_back({std::move(topic), std::move(payload), arrival_ms});
    }
    void add_stream(std::string name, std::string filter) {
        streams_[std::move(name)] = std::move(filter);
    }
    void add_table(sql::TableSchema schema) {
        std::string name = schema.name;
        tables_[std::move(name)].schema = std::move(schema);
    }
    // A JSON array with a value per column.
    void add_row(const std::string& table, const std::string& json) {
        Table& to = tables_.at(table);
        const std::string& kept = *to.json.insert(to.json.end(), json);
        std::vector<column::Value> row;
        std::string_view element;
        for (column::JsonElements all(kept); all.next(element);)
            row.push_back(column::json_at(element, {}, to.texts));
        row.resize(to.schema.columns.size());
        to.rows.push_back(std::move(row));
    }

    const sql::TableSchema* find_table(std::string_view name) const override {
        const auto found = tables_.find(std::string(name));
        return found == tables_.end() ? nullptr : &found->second.schema;
    }
    bool has_stream(std::string_view name) const override {
        return streams_.contains(std::string(name));
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> out;
        for (const auto& [name, filter] : streams_) out.push_back(name);
        for (const auto& [name, table] : tables_) out.push_back(name);
        return out;
    }

    Result<std::unique_ptr<exec::Cursor>> open(const sql::SourcePlan& source,
                                               exec::Context&) const override {
        if (source.kind == sql::SourcePlan::Kind::table)
            return std::make_unique<TableCursor>(tables_.at(source.name), source);
        const bool is_stream = source.kind == sql::SourcePlan::Kind::stream;
        return std::make_unique<RecordCursor>(*this, source,
                                              is_stream ? streams_.at(source.name) : source.name);
    }

private:
    struct Record {
        std::string topic;
        std::string payload;
        std::int64_t arrival_ms;
    };
    struct Table {
        sql::TableSchema schema;
        std::deque<std::string> json;
        column::TextArena texts;
        std::vector<std::vector<column::Value>> rows;
    };

    static std::string_view device_of(const Record& record) {
        std::string_view level;
        if (!column::topic_level(record.topic, 1, level))
            (void)column::topic_level(record.topic, 0, level);
        return level;
    }

    class RecordCursor final : public exec::Cursor {
    public:
        RecordCursor(const TestRows& rows, const sql::SourcePlan& source, std::string filter)
            : rows_(rows), decoder_(source.fields) {
            for (std::size_t i = 0; i < rows.records_.size(); ++i)
                if (topic::matches(filter, rows.records_[i].topic)) picked_.push_back(i);
        }
        Result<bool> next(column::Frame& out) override {
            if (at_ == picked_.size()) return false;
            decode(std::min(exec::kBatchRows, picked_.size() - at_), out);
            return true;
        }

    private:
        void decode(std::size_t rows, column::Frame& out) {
            std::vector<record::MessageView> views;
            for (std::size_t i = 0; i < rows; ++i) {
                const Record& from = rows_.records_[picked_[at_ + i]];
                record::MessageView view;
                view.payload = as_bytes(from.payload);
                view.topic = from.topic;
                view.device = device_of(from);
                view.arrival_ms = from.arrival_ms;
                view.stream = "test";
                view.offset = static_cast<Offset>(picked_[at_ + i]);
                views.push_back(view);
            }
            at_ += rows;
            decoder_.decode(views);
            out.rows = rows;
            out.columns.clear();
            for (std::size_t c = 0; c < decoder_.fields().size(); ++c)
                out.columns.push_back(&decoder_.column(c));
        }
        const TestRows& rows_;
        record::PayloadColumns decoder_;
        std::vector<std::size_t> picked_;
        std::size_t at_ = 0;
    };

    class TableCursor final : public exec::Cursor {
    public:
        TableCursor(const Table& table, const sql::SourcePlan& source) {
            for (const std::size_t column : source.columns) {
                columns_.emplace_back().reset(table.rows.size());
                for (std::size_t row = 0; row < table.rows.size(); ++row)
                    columns_.back().set(row, table.rows[row][column]);
            }
            rows_ = table.rows.size();
        }
        Result<bool> next(column::Frame& out) override {
            out.rows = rows_;
            out.columns.clear();
            for (const auto& column : columns_) out.columns.push_back(&column);
            return !std::exchange(is_done_, true);
        }

    private:
        std::vector<column::Column> columns_;
        std::size_t rows_ = 0;
        bool is_done_ = false;
    };

    std::vector<Record> records_;
    std::map<std::string, std::string> streams_;
    std::map<std::string, Table> tables_;
};

} // namespace holdfast::test
