#pragma once

#include <holdfast/column/field.hpp>
#include <holdfast/exec/operator.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::query {

// How a column of a source is had from rows of history.
struct HistoryColumn {
    column::FieldKind kind{};
    std::size_t field = 0; // path, value: of HistoryFields::names
    column::Path inside{}; // path: what is left of it from an array on
};

// The fields of history that the columns of a source are made of, each once.
struct HistoryFields {
    explicit HistoryFields(const sql::SourcePlan& source);
    // Whether a column of the source is a field as it is.
    [[nodiscard]] bool is_field(std::size_t column) const noexcept;
    std::vector<std::string> names;
    std::vector<HistoryColumn> columns; // one for each of the source
};

// Those that the source asks for by name, or all of the stream; in byte order.
[[nodiscard]] std::vector<std::string> devices_asked(const history::Store& history, StreamId stream,
                                                     const sql::SourcePlan& source);

// Rows device after device, each by time. All that it is made with outlives it.
class HistoryCursor final : public exec::Cursor {
public:
    // Hears of each device before its rows are given.
    using Read = std::function<Result<void>(const std::string& device, const history::Reading&)>;

    HistoryCursor(const history::Store& history, const log::Stream& stream,
                  const sql::SourcePlan& source, exec::Context& context, Read on_read);
    // Before next(). limit_exceeded.
    [[nodiscard]] Result<void> start(std::vector<std::string> devices);

    [[nodiscard]] Result<bool> next(column::Frame& out) override;

private:
    [[nodiscard]] history::ScanRequest request() const;
    [[nodiscard]] const column::Column& column(std::size_t index);
    [[nodiscard]] column::Value inside(const column::Value& whole, const column::Path& path);

    const history::Store& history_;
    const StreamId stream_;
    const std::string stream_name_;
    const sql::SourcePlan& source_;
    const HistoryFields fields_;
    exec::Context& context_;
    const Read on_read_;
    exec::HeldMemory names_memory_;
    exec::HeldMemory rows_memory_;
    std::vector<std::size_t> needed_; // fields without which a row is not wanted
    std::vector<std::string> devices_;
    std::size_t at_ = 0;
    std::unique_ptr<history::Reading> reading_; // of the device at_
    history::ScanBatch batch_;
    column::TextArena arena_;
    std::vector<column::Column> columns_;
    std::size_t made_for_ = SIZE_MAX; // the device that columns_ are of
};

} // namespace holdfast::query
