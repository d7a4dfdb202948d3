#include <holdfast/sql/aggregate.hpp>

#include <array>
#include <bit>
#include <cmath>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;

std::uint64_t bits(double value) noexcept {
    return std::bit_cast<std::uint64_t>(value);
}

} // namespace

std::optional<AggregateKind> find_aggregate(std::string_view name) noexcept {
    struct Named {
        std::string_view name;
        AggregateKind kind;
    };
    constexpr std::array kNamed{
        Named{"count", AggregateKind::count},       Named{"count_if", AggregateKind::count_if},
        Named{"sum", AggregateKind::sum},           Named{"avg", AggregateKind::avg},
        Named{"min", AggregateKind::min},           Named{"max", AggregateKind::max},
        Named{"stddev", AggregateKind::stddev},     Named{"var", AggregateKind::variance},
        Named{"variance", AggregateKind::variance}, Named{"first", AggregateKind::first},
        Named{"last", AggregateKind::last},
    };
    for (const Named& each : kNamed)
        if (each.name == name) return each.kind;
    return std::nullopt;
}

void AggregateState::add_number(const Value& value) noexcept {
    ++count_;
    const double real = value.as_float();
    const double distance = real - mean_;
    mean_ += distance / static_cast<double>(count_);
    squares_ += distance * (real - mean_);
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
    }
    return {};
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
