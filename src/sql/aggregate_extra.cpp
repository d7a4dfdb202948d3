#include "sql/aggregate_extra.hpp"

#include <holdfast/column/json_text.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;
using Args = std::span<const Value>;

Value finite(double value) noexcept {
    return std::isfinite(value) ? Value::of_float(value) : Value();
}

// A cell that outlives its batch.
class Kept {
public:
    void set(const Value& value) {
        text_ = value.type() == Type::text ? std::string(value.as_text()) : std::string();
        value_ = value;
    }
    [[nodiscard]] Value get() const noexcept {
        return value_.type() == Type::text ? Value::of_text(text_) : value_;
    }
    [[nodiscard]] std::size_t heap_bytes() const noexcept { return text_.capacity(); }

private:
    Value value_;
    std::string text_;
};

// Co-moments of (y, x), after Welford; corr is Pearson's, regr_slope that of least squares.
class Regression final : public AggregateExtra {
public:
    explicit Regression(bool is_slope) : is_slope_(is_slope) {}

    void add(Args args, std::uint64_t& mismatches) override {
        if (args[0].is_null() || args[1].is_null()) return;
        if (!args[0].is_number() || !args[1].is_number()) {
            ++mismatches;
            return;
        }
        ++count_;
        const double dy = args[0].as_float() - mean_y_;
        const double dx = args[1].as_float() - mean_x_;
        mean_y_ += dy / count_;
        mean_x_ += dx / count_;
        squares_y_ += dy * (args[0].as_float() - mean_y_);
        squares_x_ += dx * (args[1].as_float() - mean_x_);
        products_ += dx * (args[0].as_float() - mean_y_);
    }
    Value result(column::TextArena&) const override {
        if (count_ < 2) return {};
        return finite(is_slope_ ? products_ / squares_x_
                                : products_ / std::sqrt(squares_x_ * squares_y_));
    }
    std::size_t heap_bytes() const noexcept override { return 0; }

private:
    bool is_slope_;
    double count_ = 0;
    double mean_y_ = 0;
    double mean_x_ = 0;
    double squares_y_ = 0;
    double squares_x_ = 0;
    double products_ = 0;
};

std::uint64_t hash(const Value& value) noexcept {
    // FNV-1a over the cell, then the finaliser of SplitMix64: HyperLogLog wants every bit mixed
    std::uint64_t h = 0xcbf29ce484222325U ^ static_cast<std::uint64_t>(value.type());
    if (value.type() == Type::text) {
        for (const char c : value.as_text())
            h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    } else {
        const double real = value.is_number() ? value.as_float() : 0;
        h ^= value.is_number() ? std::bit_cast<std::uint64_t>(real == 0 ? 0.0 : real)
                               : static_cast<std::uint64_t>(value.as_int());
        if (value.is_number()) h ^= static_cast<std::uint64_t>(value.type()); // 1 and 1.0 are one
    }
    h += 0x9e3779b97f4a7c15U;
    h = (h ^ (h >> 30U)) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 27U)) * 0x94d049bb133111ebU;
    return h ^ (h >> 31U);
}

// HyperLogLog: Flajolet et al., AofA 2007, with linear counting for small sets. 2048 registers:
// a standard error of 2.3 %.
class DistinctEstimate final : public AggregateExtra {
public:
    void add(Args args, std::uint64_t&) override {
        if (args[0].is_null()) return;
        const std::uint64_t h = hash(args[0]);
        const std::size_t index = h >> (64U - kBits);
        const std::uint64_t rest = (h << kBits) | (1U << (kBits - 1));
        const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
        registers_[index] = std::max(registers_[index], rank);
    }
    Value result(column::TextArena&) const override {
        constexpr auto m = static_cast<double>(kRegisters);
        double sum = 0;
        double zeros = 0;
        for (const std::uint8_t rank : registers_) {
            sum += std::ldexp(1.0, -rank);
            zeros += rank == 0 ? 1 : 0;
        }
        double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
        if (estimate <= 2.5 * m && zeros > 0) estimate = m * std::log(m / zeros);
        return Value::of_int(std::llround(estimate));
    }
    std::size_t heap_bytes() const noexcept override { return sizeof(*this); }

private:
    static constexpr unsigned kBits = 11;
    static constexpr std::size_t kRegisters = 1U << kBits;
    std::array<std::uint8_t, kRegisters> registers_{};
};

// x of the row whose `by` is least or greatest; of several the first. Rows with a NULL do not
// count.
class ExtremeBy final : public AggregateExtra {
public:
    explicit ExtremeBy(int sign) : sign_(sign) {}

    void add(Args args, std::uint64_t& mismatches) override {
        if (args[0].is_null() || args[1].is_null()) return;
        const Value best = by_.get();
        if (!best.is_null() && !column::comparable(best, args[1])) {
            ++mismatches;
        } else if (best.is_null() || column::compare(args[1], best) == sign_) {
            value_.set(args[0]);
            by_.set(args[1]);
        }
    }
    Value result(column::TextArena& arena) const override {
        const Value value = value_.get();
        return value.type() == Type::text ? Value::of_text(arena.keep(value.as_text())) : value;
    }
    std::size_t heap_bytes() const noexcept override {
        return value_.heap_bytes() + by_.heap_bytes();
    }

private:
    int sign_;
    Kept value_;
    Kept by_;
};

// list() as a JSON array, NULLs included; string_agg() as text without them.
class Joined final : public AggregateExtra {
public:
    explicit Joined(bool is_list) : is_list_(is_list) {}

    void add(Args args, std::uint64_t& mismatches) override {
        if (!is_list_ && args[0].is_null()) return;
        if (is_too_long_) return;
        if (any_) text_ += is_list_ ? std::string_view(",") : args[1].as_text();
        any_ = true;
        if (is_list_) {
            column::append_json(text_, args[0]);
        } else {
            text_ += column::to_text(args[0]);
        }
        is_too_long_ = text_.size() > kJoinedBytesMax;
        if (is_too_long_) ++mismatches;
    }
    Value result(column::TextArena& arena) const override {
        if (!any_ || is_too_long_) return {};
        return Value::of_text(arena.keep(is_list_ ? "[" + text_ + "]" : text_));
    }
    std::size_t heap_bytes() const noexcept override { return text_.capacity(); }

private:
    static constexpr std::size_t kJoinedBytesMax = 1U << 20U; // longer: NULL, counted
    bool is_list_;
    bool any_ = false;
    bool is_too_long_ = false;
    std::string text_;
};

} // namespace

void AggregateExtra::add_run(std::span<const column::Column* const> args, std::size_t begin,
                             std::size_t end, std::uint64_t& mismatches) {
    std::array<Value, kArgumentsMax> values;
    for (std::size_t row = begin; row < end; ++row) {
        for (std::size_t i = 0; i < args.size(); ++i) values[i] = args[i]->at(row);
        add({values.data(), args.size()}, mismatches);
    }
}

std::unique_ptr<AggregateExtra> make_extra(AggregateKind kind) {
    switch (kind) {
        case AggregateKind::median:
        case AggregateKind::quantile:
        case AggregateKind::quantile_cont: return make_quantile(kind);
        case AggregateKind::corr: return std::make_unique<Regression>(false);
        case AggregateKind::regr_slope: return std::make_unique<Regression>(true);
        case AggregateKind::approx_count_distinct: return std::make_unique<DistinctEstimate>();
        case AggregateKind::min_by: return std::make_unique<ExtremeBy>(-1);
        case AggregateKind::max_by: return std::make_unique<ExtremeBy>(1);
        case AggregateKind::list: return std::make_unique<Joined>(true);
        case AggregateKind::string_agg: return std::make_unique<Joined>(false);
        default: return nullptr;
    }
}

} // namespace holdfast::sql
