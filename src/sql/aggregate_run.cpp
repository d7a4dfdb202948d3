// Adding rows of a column to one group at once: plain loops where all of them are numbers of one
// type.
#include "sql/aggregate_extra.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace holdfast::sql {
namespace {

using column::Column;
using column::Type;
using column::Value;
using Words = std::span<const std::int64_t>;

// Nothing where it overflows.
std::optional<std::int64_t> whole_sum(Words words) noexcept {
    std::int64_t sum = 0;
    for (const std::int64_t word : words)
        if (__builtin_add_overflow(sum, word, &sum)) return std::nullopt;
    return sum;
}

double real_sum(Words words) noexcept {
    double sum = 0;
    for (const std::int64_t word : words) sum += std::bit_cast<double>(word);
    return sum;
}

// The first of the least, or of the greatest; nothing where NaN is among them.
template <class Number>
std::optional<Number> extreme(Words words, bool is_least) noexcept {
    auto best = std::bit_cast<Number>(words.front());
    for (const std::int64_t word : words) {
        const auto number = std::bit_cast<Number>(word);
        if (number != number) return std::nullopt;
        if (is_least ? number < best : best < number) best = number;
    }
    return best;
}

} // namespace

bool AggregateState::add_numbers(AggregateKind kind, Type type, Words words,
                                 std::uint64_t& mismatches) {
    const auto count = static_cast<std::int64_t>(words.size());
    switch (kind) {
        case AggregateKind::count: count_ += count; return true;
        case AggregateKind::sum:
        case AggregateKind::avg:
            if (type == Type::float64) {
                is_real_ = true;
                real_sum_ += real_sum(words);
            } else {
                const auto sum = whole_sum(words);
                if (!sum) return false;
                add_to_sum(Value::of_int(*sum));
            }
            count_ += count;
            return true;
        case AggregateKind::min:
        case AggregateKind::max: {
            const bool is_least = kind == AggregateKind::min;
            Value best;
            if (type == Type::float64) {
                if (const auto real = extreme<double>(words, is_least))
                    best = Value::of_float(*real);
            } else {
                best = Value::of_int(*extreme<std::int64_t>(words, is_least));
            }
            if (best.is_null()) return false;
            add(kind, best, mismatches);
            return true;
        }
        default: return false;
    }
}

void AggregateState::add_run(AggregateKind kind, std::span<const Column* const> args, Type type,
                             std::size_t begin, std::size_t end, std::uint64_t& mismatches) {
    if (begin == end) return;
    if (kind == AggregateKind::count_rows) {
        count_ += static_cast<std::int64_t>(end - begin);
        return;
    }
    if (kind > kLastStoredAggregate) {
        if (!extra_) extra_ = make_extra(kind);
        return extra_->add_run(args, begin, end, mismatches);
    }
    const Column& column = *args[0];
    const bool is_number = type == Type::int64 || type == Type::float64;
    if (is_number && add_numbers(kind, type, {column.words() + begin, end - begin}, mismatches))
        return;
    for (std::size_t row = begin; row < end; ++row)
        if (column.type_at(row) != Type::null) add(kind, column.at(row), mismatches);
}

} // namespace holdfast::sql
