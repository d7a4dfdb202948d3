#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/sql/catalog.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::alarms {
class Registry;
}
namespace holdfast::broker {
class Clients;
}
namespace holdfast::history {
class Store;
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

    // Whether whoever reads the table may see rows about that stream. Empty: about all.
    using ShowsStream = std::function<bool(std::string_view stream)>;
    explicit TableRows(ShowsStream shows_stream = {}) : shows_stream_(std::move(shows_stream)) {}

    // To be asked before add() by a table whose rows are about streams.
    [[nodiscard]] bool shows_stream(std::string_view stream) const {
        return !shows_stream_ || shows_stream_(stream);
    }
    // One value per column. limit_exceeded past kBytesMax.
    [[nodiscard]] Result<void> add(std::span<const column::Value> row);
    [[nodiscard]] const std::vector<std::vector<column::Value>>& rows() const noexcept {
        return rows_;
    }

private:
    const ShowsStream shows_stream_;
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
// Of streams that are in the log, one row for each stream that has the device.
[[nodiscard]] std::unique_ptr<Table> devices_table(const history::Store& history,
                                                   const log::Log& log);
// The first 10,000 by client id. Reading it waits for the shards: not on their threads.
[[nodiscard]] std::unique_ptr<Table> clients_table(broker::Clients& clients);

} // namespace holdfast::query
