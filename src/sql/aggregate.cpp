#include <holdfast/sql/aggregate.hpp>

#include "sql/aggregate_extra.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;

std::uint64_t bits(double value) noexcept {
    return std::bit_cast<std::uint64_t>(value);
}

struct Named {
    std::string_view name;
    AggregateKind kind;
    std::size_t arguments;
};
constexpr std::array kNamed{
    Named{"count", AggregateKind::count, 1},
    Named{"count_if", AggregateKind::count_if, 1},
    Named{"sum", AggregateKind::sum, 1},
    Named{"avg", AggregateKind::avg, 1},
    Named{"min", AggregateKind::min, 1},
    Named{"max", AggregateKind::max, 1},
    Named{"stddev", AggregateKind::stddev, 1},
    Named{"var", AggregateKind::variance, 1},
    Named{"variance", AggregateKind::variance, 1},
    Named{"first", AggregateKind::first, 1},
    Named{"last", AggregateKind::last, 1},
    Named{"median", AggregateKind::median, 1},
    Named{"quantile", AggregateKind::quantile, 2},
    Named{"quantile_disc", AggregateKind::quantile, 2},
    Named{"quantile_cont", AggregateKind::quantile_cont, 2},
    Named{"corr", AggregateKind::corr, 2},
    Named{"regr_slope", AggregateKind::regr_slope, 2},
    Named{"approx_count_distinct", AggregateKind::approx_count_distinct, 1},
    Named{"min_by", AggregateKind::min_by, 2},
    Named{"max_by", AggregateKind::max_by, 2},
    Named{"list", AggregateKind::list, 1},
    Named{"string_agg", AggregateKind::string_agg, 2},
};

} // namespace

std::optional<AggregateKind> find_aggregate(std::string_view name) noexcept {
    for (const Named& each : kNamed)
        if (each.name == name) return each.kind;
    return std::nullopt;
}

std::string_view aggregate_name(AggregateKind kind) noexcept {
    for (const Named& each : kNamed)
        if (each.kind == kind) return each.name;
    return "count";
}

std::size_t argument_count(AggregateKind kind) noexcept {
    for (const Named& each : kNamed)
        if (each.kind == kind) return each.arguments;
    return 0; // count_rows, which has no name of its own
}

std::vector<std::string> aggregate_names() {
    std::vector<std::string> names;
    for (const Named& each : kNamed) names.emplace_back(each.name);
    return names;
}

AggregateState::AggregateState() = default;
AggregateState::~AggregateState() = default;
AggregateState::AggregateState(AggregateState&&) noexcept = default;
AggregateState& AggregateState::operator=(AggregateState&&) noexcept = default;

void AggregateState::add(AggregateKind kind, std::span<const Value> args,
                         std::uint64_t& mismatches) {
    if (kind <= kLastStoredAggregate)
        return add(kind, args.empty() ? Value() : args[0], mismatches);
    if (!extra_) extra_ = make_extra(kind);
    extra_->add(args, mismatches);
}

Value AggregateState::result(AggregateKind kind, column::TextArena& arena) const {
    if (kind <= kLastStoredAggregate) return result(kind);
    if (extra_) return extra_->result(arena);
    return kind == AggregateKind::approx_count_distinct ? Value::of_int(0) : Value();
}

std::size_t AggregateState::heap_bytes() const noexcept {
    const std::size_t text = kept_text_.capacity() > 15 ? kept_text_.capacity() : 0;
    return text + (extra_ ? extra_->heap_bytes() + 64 : 0);
}

void AggregateState::add_number(const Value& value) noexcept {
    ++count_;
    const double real = value.as_float();
    const double distance = real - mean_;
    mean_ += distance / static_cast<double>(count_);
    squares_ += distance * (real - mean_);
    add_to_sum(value);
}

void AggregateState::add_to_sum(const Value& value) noexcept {
    const double real = value.as_float();
    if (value.type() == Type::float64) {
        is_real_ = true;
        real_sum_ += real;
    } else if (__builtin_add_overflow(whole_sum_, value.as_int(), &whole_sum_)) {
        // the sum wrapped: take the wrapped part back and go on in doubles
        whole_sum_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(whole_sum_) -
                                               static_cast<std::uint64_t>(value.as_int()));
        is_real_ = true;
        real_sum_ += real;
    }
}

void AggregateState::keep(const Value& value, std::uint64_t& mismatches) {
    if (value.type() == Type::text && value.as_text().size() > kTextBytesMax) {
        ++mismatches;
        return;
    }
    kept_type_ = value.type();
    kept_text_.clear();
    if (value.type() == Type::text) {
        kept_text_ = value.as_text();
    } else if (value.type() == Type::float64) {
        kept_word_ = std::bit_cast<std::int64_t>(value.as_float());
    } else {
        kept_word_ = value.as_int();
    }
}

Value AggregateState::kept() const noexcept {
    switch (kept_type_) {
        case Type::null: break;
        case Type::int64: return Value::of_int(kept_word_);
        case Type::float64: return Value::of_float(std::bit_cast<double>(kept_word_));
        case Type::boolean: return Value::of_bool(kept_word_ != 0);
        case Type::text: return Value::of_text(kept_text_);
        case Type::timestamp: return Value::of_timestamp_us(kept_word_);
    }
    return {};
}

void AggregateState::add(AggregateKind kind, const Value& value, std::uint64_t& mismatches) {
    if (kind == AggregateKind::count_rows) {
        ++count_;
        return;
    }
    if (value.is_null()) return;
    switch (kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count: ++count_; break;
        case AggregateKind::count_if:
            if (value.type() != Type::boolean) ++mismatches;
            if (value.is_true()) ++count_;
            break;
        case AggregateKind::sum:
        case AggregateKind::avg:
        case AggregateKind::stddev:
        case AggregateKind::variance:
            if (value.is_number()) {
                add_number(value);
            } else {
                ++mismatches;
            }
            break;
        case AggregateKind::min:
        case AggregateKind::max: {
            const Value best = kept();
            if (!best.is_null() && !column::comparable(best, value)) {
                ++mismatches;
            } else if (best.is_null() ||
                       column::compare(value, best) == (kind == AggregateKind::min ? -1 : 1)) {
                keep(value, mismatches);
            }
            break;
        }
        case AggregateKind::first:
            if (kept_type_ == Type::null) keep(value, mismatches);
            break;
        case AggregateKind::last: keep(value, mismatches); break;
        default: assert(false); // needs its arguments: the other add()
    }
}

void AggregateState::add_part(AggregateKind kind, const AggregatePart& part,
                              std::uint64_t& mismatches) {
    switch (kind) {
        case AggregateKind::sum:
        case AggregateKind::avg:
            if (!part.value.is_null()) add_to_sum(part.value);
            [[fallthrough]];
        case AggregateKind::count_rows:
        case AggregateKind::count: count_ += part.count; break;
        default: add(kind, part.value, mismatches); break;
    }
}

Value AggregateState::result(AggregateKind kind) const noexcept {
    const double sum = real_sum_ + static_cast<double>(whole_sum_);
    const auto finite = [](double value) {
        return std::isfinite(value) ? Value::of_float(value) : Value();
    };
    switch (kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count:
        case AggregateKind::count_if: return Value::of_int(count_);
        case AggregateKind::sum:
            if (count_ == 0) return {};
            return is_real_ ? finite(sum) : Value::of_int(whole_sum_);
        case AggregateKind::avg:
            return count_ == 0 ? Value() : finite(sum / static_cast<double>(count_));
        case AggregateKind::stddev:
        case AggregateKind::variance: {
            if (count_ < 2) return {};
            const double variance = squares_ / static_cast<double>(count_ - 1);
            return finite(kind == AggregateKind::stddev ? std::sqrt(variance) : variance);
        }
        case AggregateKind::min:
        case AggregateKind::max:
        case AggregateKind::first:
        case AggregateKind::last: return kept();
        default: return {};
    }
}

void AggregateState::encode(ByteWriter& out) const {
    out.varlong(count_);
    out.varlong(whole_sum_);
    out.u64_be(bits(real_sum_));
    out.u64_be(bits(mean_));
    out.u64_be(bits(squares_));
    out.u8(is_real_ ? 1 : 0);
    out.u8(static_cast<std::uint8_t>(kept_type_));
    out.u64_be(static_cast<std::uint64_t>(kept_word_));
    out.text_with_u16_length(kept_text_);
}

Result<AggregateState> AggregateState::decode(ByteReader& in) {
    AggregateState state;
    HF_TRY(state.count_, in.varlong());
    HF_TRY(state.whole_sum_, in.varlong());
    HF_TRY(const auto real_sum, in.u64_be());
    HF_TRY(const auto mean, in.u64_be());
    HF_TRY(const auto squares, in.u64_be());
    state.real_sum_ = std::bit_cast<double>(real_sum);
    state.mean_ = std::bit_cast<double>(mean);
    state.squares_ = std::bit_cast<double>(squares);
    HF_TRY(const auto is_real, in.u8());
    HF_TRY(const auto type, in.u8());
    HF_TRY(const auto word, in.u64_be());
    HF_TRY(const auto text, in.bytes_with_u16_length());
    if (is_real > 1 || type > static_cast<std::uint8_t>(Type::timestamp))
        return fail(Errc::corrupt, "aggregate state");
    state.is_real_ = is_real == 1;
    state.kept_type_ = static_cast<Type>(type);
    state.kept_word_ = static_cast<std::int64_t>(word);
    state.kept_text_ = as_text(text);
    return state;
}

} // namespace holdfast::sql
