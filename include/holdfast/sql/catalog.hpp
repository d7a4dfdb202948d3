#pragma once

#include <holdfast/column/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// A relation whose columns are known before a row is read.
struct TableSchema {
    struct Column {
        std::string name;
        column::Type type{}; // null: any
    };
    std::string name;
    std::vector<Column> columns;
};

// What names of relations mean while a query is bound. Called by one thread; what it gives must
// stay until the query is done.
class Catalog {
public:
    virtual ~Catalog() = default;
    // Null where no table is called so.
    [[nodiscard]] virtual const TableSchema* find_table(std::string_view name) const = 0;
    [[nodiscard]] virtual bool has_stream(std::string_view name) const = 0;
    // Of a stream's history, the paths of at most kHistoryFieldsMax fields, as text, in the order
    // in which they were first seen. Nothing where no history is kept.
    static constexpr std::size_t kHistoryFieldsMax = 1'000;
    [[nodiscard]] virtual std::optional<std::vector<std::string>> history_fields(
        std::string_view /*stream*/) const {
        return std::nullopt;
    }
    // Tables and streams, for "did you mean".
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;
};

} // namespace holdfast::sql
