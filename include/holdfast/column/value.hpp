#pragma once

#include <cassert>
#include <cstdint>
#include <string_view>

namespace holdfast::column {

// `timestamp` is microseconds since 1970 UTC. The numbers reach the disk in rule checkpoints.
enum class Type : std::uint8_t {
    null = 0,
    int64 = 1,
    float64 = 2,
    boolean = 3,
    text = 4,
    timestamp = 5
};

[[nodiscard]] std::string_view to_string(Type type) noexcept;

// One cell. Text is borrowed: from the batch's arena, the payload or the query.
class Value {
public:
    constexpr Value() = default; // NULL

    [[nodiscard]] static constexpr Value of_int(std::int64_t value) {
        Value made(Type::int64);
        made.int_ = value;
        return made;
    }
    [[nodiscard]] static constexpr Value of_float(double value) {
        Value made(Type::float64);
        made.float_ = value;
        return made;
    }
    [[nodiscard]] static constexpr Value of_bool(bool value) {
        Value made(Type::boolean);
        made.int_ = value ? 1 : 0;
        return made;
    }
    [[nodiscard]] static constexpr Value of_text(std::string_view value) {
        Value made(Type::text);
        made.text_ = value;
        return made;
    }
    [[nodiscard]] static constexpr Value of_timestamp_us(std::int64_t value) {
        Value made(Type::timestamp);
        made.int_ = value;
        return made;
    }

    [[nodiscard]] constexpr Type type() const noexcept { return type_; }
    [[nodiscard]] constexpr bool is_null() const noexcept { return type_ == Type::null; }
    [[nodiscard]] constexpr bool is_number() const noexcept {
        return type_ == Type::int64 || type_ == Type::float64;
    }
    [[nodiscard]] constexpr bool is_true() const noexcept {
        return type_ == Type::boolean && int_ != 0;
    }

    // int64, boolean (0 or 1) or timestamp (microseconds).
    [[nodiscard]] constexpr std::int64_t as_int() const noexcept { return int_; }
    // Of a number; exact for int64 up to 2^53.
    [[nodiscard]] constexpr double as_float() const noexcept {
        return type_ == Type::float64 ? float_ : static_cast<double>(int_);
    }
    [[nodiscard]] constexpr std::string_view as_text() const noexcept { return text_; }

private:
    constexpr explicit Value(Type type) : type_(type) {}

    Type type_ = Type::null;
    std::int64_t int_ = 0;
    double float_ = 0;
    std::string_view text_;
};

// Total order within one type, and between int64 and float64 (exact, no rounding of large
// integers). Both must be comparable(): asserted.
[[nodiscard]] bool comparable(const Value& left, const Value& right) noexcept;
[[nodiscard]] int compare(const Value& left, const Value& right) noexcept; // -1, 0, 1

} // namespace holdfast::column
