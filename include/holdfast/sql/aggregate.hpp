#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/column/column.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// The numbers do not reach the disk: a checkpoint belongs to the text of its rule.
enum class AggregateKind : std::uint8_t {
    count_rows, // count(*)
    count,
    count_if,
    sum,
    avg,
    min,
    max,
    stddev,
    variance,
    first,
    last,
    // those below cannot be stored yet, so rules do not have them
    median,
    quantile, // arguments: x, q in [0, 1]
    quantile_cont,
    corr, // y, x
    regr_slope,
    approx_count_distinct,
    min_by, // x, by
    max_by,
    list,
    string_agg, // x, separator
};
inline constexpr AggregateKind kLastStoredAggregate = AggregateKind::last;

// `count` for both counts.
[[nodiscard]] std::string_view aggregate_name(AggregateKind kind) noexcept;
// How many arguments it takes.
[[nodiscard]] std::size_t argument_count(AggregateKind kind) noexcept;
[[nodiscard]] std::vector<std::string> aggregate_names();

// By lower-case name; `count` stands for both counts.
[[nodiscard]] std::optional<AggregateKind> find_aggregate(std::string_view name) noexcept;

class AggregateExtra; // what some kinds keep beside it

// What an aggregate saw of some rows that were counted elsewhere.
struct AggregatePart {
    std::int64_t count = 0; // of rows, values (count) or numbers (sum, avg)
    column::Value value{};  // their sum (sum, avg), or the one (min, max, first, last)
};

// What one aggregate has seen of one group. NULLs are left out. Rows come in log order, which is
// what first() and last() mean.
//
// sum and avg of int64 are exact until they overflow, from where on they are doubles. stddev and
// var are those of a sample (n - 1), after Welford, Technometrics 4(3), 1962.
class AggregateState {
public:
    static constexpr std::size_t kTextBytesMax = 4096; // longer texts are not kept: NULL, counted

    AggregateState();
    ~AggregateState();
    AggregateState(AggregateState&&) noexcept;
    AggregateState& operator=(AggregateState&&) noexcept;

    void add(AggregateKind kind, const column::Value& value, std::uint64_t& mismatches);
    // Of any kind, also those of several arguments; count_rows takes none.
    void add(AggregateKind kind, std::span<const column::Value> args, std::uint64_t& mismatches);
    // Rows [begin, end) of the columns of its arguments. `type` is what all rows of the first are,
    // null where they differ. Sums of doubles may differ from those of rows by rounding.
    void add_run(AggregateKind kind, std::span<const column::Column* const> args, column::Type type,
                 std::size_t begin, std::size_t end, std::uint64_t& mismatches);
    // count_rows, count, sum, avg, min, max, first and last: as if its rows had been added. Only
    // numbers are among its values.
    void add_part(AggregateKind kind, const AggregatePart& part, std::uint64_t& mismatches);
    // Of kinds up to kLastStoredAggregate. Text is borrowed from the state.
    [[nodiscard]] column::Value result(AggregateKind kind) const noexcept;
    // Of any kind. Text is borrowed from the state or `arena`.
    [[nodiscard]] column::Value result(AggregateKind kind, column::TextArena& arena) const;
    // Of memory beside the object itself.
    [[nodiscard]] std::size_t heap_bytes() const noexcept;

    // docs/format/rule_state.md.
    void encode(ByteWriter& out) const;
    [[nodiscard]] static Result<AggregateState> decode(ByteReader& in);

private:
    void add_number(const column::Value& value) noexcept;
    void add_to_sum(const column::Value& value) noexcept;
    // False where it took none of them.
    [[nodiscard]] bool add_numbers(AggregateKind kind, column::Type type,
                                   std::span<const std::int64_t> words, std::uint64_t& mismatches);
    void keep(const column::Value& value, std::uint64_t& mismatches);
    [[nodiscard]] column::Value kept() const noexcept;

    std::int64_t count_ = 0;
    std::int64_t whole_sum_ = 0;
    double real_sum_ = 0;
    double mean_ = 0;
    double squares_ = 0; // sum of squared distances from the mean
    bool is_real_ = false;
    column::Type kept_type_ = column::Type::null; // min, max, first, last
    std::int64_t kept_word_ = 0;
    std::string kept_text_;
    std::unique_ptr<AggregateExtra> extra_; // kinds past kLastStoredAggregate
};

} // namespace holdfast::sql
