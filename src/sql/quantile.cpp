// Exact quantiles: all numbers of the group are kept, eight bytes each.
#include "sql/aggregate_extra.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace holdfast::sql {
namespace {

using column::Column;
using column::Type;
using column::Value;

Value value_of(std::int64_t whole) noexcept {
    return Value::of_int(whole);
}
Value value_of(double real) noexcept {
    return Value::of_float(real);
}

bool is_less(std::int64_t a, std::int64_t b) noexcept {
    return a < b;
}
// NaN is above all: an order that is none would lead out of the vector.
bool is_less(double a, double b) noexcept {
    return a < b || (std::isnan(b) && !std::isnan(a));
}

// The values number `index` and the next, if any, of all in order, as they would be sorted.
struct Neighbours {
    Value low;
    Value high;
};

template <class Number>
Neighbours neighbours_at(std::vector<Number>& numbers, std::size_t index) {
    const auto less = [](Number a, Number b) { return is_less(a, b); };
    const auto at = numbers.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(numbers.begin(), at, numbers.end(), less);
    const auto next = std::min_element(at + 1, numbers.end(), less);
    return {value_of(*at), value_of(next == numbers.end() ? *at : *next)};
}

class Quantile final : public AggregateExtra {
public:
    explicit Quantile(AggregateKind kind) : kind_(kind) {}

    void add(std::span<const Value> args, std::uint64_t& mismatches) override {
        if (args[0].is_null()) return;
        if (!args[0].is_number()) {
            ++mismatches;
            return;
        }
        if (args.size() > 1) q_ = args[1].as_float();
        if (args[0].type() == Type::int64) {
            whole_.push_back(args[0].as_int());
        } else {
            real_.push_back(args[0].as_float());
        }
    }
    void add_run(std::span<const Column* const> args, std::size_t begin, std::size_t end,
                 std::uint64_t& mismatches) override {
        const Column& values = *args[0];
        for (std::size_t row = begin; row < end; ++row) {
            switch (values.type_at(row)) {
                case Type::null: continue;
                case Type::int64: whole_.push_back(values.words()[row]); break;
                case Type::float64: real_.push_back(values.at(row).as_float()); break;
                default: ++mismatches; continue;
            }
            if (args.size() > 1) q_ = args[1]->at(row).as_float();
        }
    }

    Value result(column::TextArena&) const override {
        const std::size_t count = whole_.size() + real_.size();
        if (count == 0) return {};
        const auto n = static_cast<double>(count);
        if (kind_ == AggregateKind::quantile) { // the least value that has q of all at or below it
            const double index = std::max(1.0, n - std::floor(n - q_ * n)) - 1;
            return neighbours(static_cast<std::size_t>(index)).low;
        }
        const double at = (n - 1) * q_;
        const auto low = static_cast<std::size_t>(at);
        const Neighbours found = neighbours(low);
        const double a = found.low.as_float();
        const double value = a + (found.high.as_float() - a) * (at - std::floor(at));
        return std::isfinite(value) ? Value::of_float(value) : Value();
    }
    std::size_t heap_bytes() const noexcept override {
        return whole_.capacity() * sizeof(std::int64_t) + real_.capacity() * sizeof(double);
    }

private:
    Neighbours neighbours(std::size_t index) const {
        if (real_.empty()) return neighbours_at(whole_, index);
        if (whole_.empty()) return neighbours_at(real_, index);
        std::sort(whole_.begin(), whole_.end());
        std::sort(real_.begin(), real_.end(), [](double a, double b) { return is_less(a, b); });
        std::size_t whole = 0;
        std::size_t real = 0;
        const auto take = [&]() -> Value {
            const bool is_whole =
                real == real_.size() ||
                (whole < whole_.size() &&
                 column::compare(value_of(whole_[whole]), value_of(real_[real])) <= 0);
            return is_whole ? value_of(whole_[whole++]) : value_of(real_[real++]);
        };
        Neighbours out{take(), {}};
        for (; index > 0; --index) out.low = take();
        out.high = whole + real == whole_.size() + real_.size() ? out.low : take();
        return out;
    }

    AggregateKind kind_;
    double q_ = 0.5;
    // In an order that is nobody's business, so that a result needs no copy.
    mutable std::vector<std::int64_t> whole_;
    mutable std::vector<double> real_;
};

} // namespace

std::unique_ptr<AggregateExtra> make_quantile(AggregateKind kind) {
    return std::make_unique<Quantile>(kind);
}

} // namespace holdfast::sql
