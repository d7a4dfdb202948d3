#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/sql/catalog.hpp>

#include <memory>
#include <span>
#include <vector>

namespace holdfast::alarms {
class Registry;
}
namespace holdfast::log {
class GroupOffsets;
class Log;
} // namespace holdfast::log
namespace holdfast::models {
class Engine;
}
namespace holdfast::rules {
class Engine;
}

namespace holdfast::query {

// The rows of a table as they were at one moment, with their text.
class TableRows {
public:
    static constexpr std::size_t kBytesMax = 32U << 20U;

    // One value per column. limit_exceeded past kBytesMax.
    [[nodiscard]] Result<void> add(std::span<const column::Value> row);
    [[nodiscard]] const std::vector<std::vector<column::Value>>& rows() const noexcept {
        return rows_;
    }

private:
    std::vector<std::vector<column::Value>> rows_;
    column::TextArena texts_;
    std::size_t bytes_ = 0;
};

// Something that is not a stream and can be asked like one. Thread-safe.
class Table {
public:
    virtual ~Table() = default;
    [[nodiscard]] virtual const sql::TableSchema& schema() const = 0;
    [[nodiscard]] virtual Result<void> read(TableRows& out) const = 0;
};

// What they show outlives them.
[[nodiscard]] std::unique_ptr<Table> streams_table(const log::Log& log);
[[nodiscard]] std::unique_ptr<Table> groups_table(const log::GroupOffsets& groups,
                                                  const log::Log& log);
[[nodiscard]] std::unique_ptr<Table> rules_table(const rules::Engine& rules);
[[nodiscard]] std::unique_ptr<Table> models_table(const models::Engine& models);
[[nodiscard]] std::unique_ptr<Table> alarms_table(const alarms::Registry& alarms);

} // namespace holdfast::query
