#pragma once

#include <holdfast/sql/select_plan.hpp>

#include <string>
#include <vector>

namespace holdfast::sql {

// The relations of one SELECT while it is bound: what a name means. Columns of records are only
// known as they are named, so slots are provisional until settle().
class Scope {
public:
    // Provisional slots of the columns that a window adds behind those of the sources.
    static constexpr std::size_t kWindowStart = SIZE_MAX - 1;
    static constexpr std::size_t kWindowEnd = SIZE_MAX;

    // A relation joins those before it. `columns`: of a table, a query or a history, else empty.
    // malformed where its alias is taken.
    [[nodiscard]] Result<void> add(SourcePlan plan, const RelationRef& ref,
                                   std::vector<std::string> columns);
    // Behind an ANTI JOIN's ON its relation cannot be named any more.
    void hide_last() { entries_.back().is_hidden = true; }
    // From now on window_start and window_end are columns.
    void add_window() noexcept { has_window_ = true; }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::vector<SourcePlan>& plans() noexcept { return plans_; }

    // Turns a name into a slot, or into a member of one. malformed: unknown or ambiguous.
    [[nodiscard]] Result<void> resolve(Expression& name);
    // The field of the only record relation. malformed where there is none, or several.
    [[nodiscard]] Result<std::size_t> record_slot(column::Field field, Position at);
    // Event time of relation `source`; of a table or query its column `ts`.
    [[nodiscard]] Result<std::size_t> time_slot(std::size_t source, Position at);
    // Whether a (provisional) slot is the time of a record.
    [[nodiscard]] bool is_time(std::size_t slot) const noexcept;
    // Whether the name is certainly a column: of a table, a query, or one that every record has.
    [[nodiscard]] bool knows(const Expression& name) const;
    struct StarColumn {
        std::string name;
        ExpressionPtr expression; // to resolve
    };
    // What `*` or `alias.*` stands for. malformed.
    [[nodiscard]] Result<std::vector<StarColumn>> star(const std::string& alias, Position at) const;

    // Gives every source its first slot and returns the final number of each provisional one.
    [[nodiscard]] std::vector<std::size_t> settle();

private:
    struct Entry {
        std::string alias; // empty: has none
        std::vector<std::string> columns;
        column::Field ts{column::FieldKind::ts}; // with the path of EVENT TIME
        bool is_hidden = false;
    };
    [[nodiscard]] bool is_record(std::size_t source) const noexcept;
    [[nodiscard]] bool is_history(std::size_t source) const noexcept;
    [[nodiscard]] Result<void> check_kept(std::size_t source, column::FieldKind kind,
                                          Position at) const;
    [[nodiscard]] bool has_column(std::size_t source, const Expression& name,
                                  const std::string& first) const;
    [[nodiscard]] Result<void> resolve_in(std::size_t source, column::Path path, Expression& name);
    std::size_t field_slot(std::size_t source, const column::Field& field);
    std::size_t column_slot(std::size_t source, std::size_t column);
    std::size_t member_slot(std::size_t source, const std::optional<column::Path>& member);
    std::size_t slot(std::size_t source, std::size_t column);
    [[nodiscard]] Error unknown(const Expression& name) const;

    std::vector<Entry> entries_;
    std::vector<SourcePlan> plans_;
    std::vector<std::pair<std::size_t, std::size_t>> slots_; // source, column
    bool has_window_ = false;
};

} // namespace holdfast::sql
