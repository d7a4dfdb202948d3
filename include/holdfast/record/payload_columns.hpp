#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/column/field.hpp>
#include <holdfast/record/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::record {

// A scalar member of a payload, by its path as text (`door.state`). Arrays are one member each, as
// their JSON text, and so are objects that are empty or lie deeper than paths go.
struct Member {
    std::string_view path;
    column::Value value;
};

// Decodes each payload once into the columns that all its readers need together.
//
// The whole document is validated, so whether a row is valid does not depend on the fields asked
// for. A payload that is neither JSON nor plain UTF-8 text (damaged, deeper than 256, over 16 MiB)
// gives NULLs for its fields and an error for its row; it never fails the batch. int64 stays exact;
// other numbers, also integers beyond int64, are doubles, and NULL beyond these; objects and arrays
// are their JSON text.
//
// Event time (field ts): the field's path, else the message's event_ms, else the first of `ts`,
// `timestamp` and `time` in the payload that is a time not before 2000 (an uptime or a counter is
// often called so), else arrival. More than 1 h ahead of arrival is no time, whatever its source:
// arrival counts.
// One thread at a time. Buffers are kept from batch to batch.
class PayloadColumns {
public:
    static constexpr std::int64_t kAheadOfArrivalMaxUs = 3'600'000'000;
    static constexpr std::int64_t kGuessedTimeMinUs = 946'684'800'000'000; // 2000-01-01
    static constexpr std::size_t kDepthMax = 256;
    static constexpr std::size_t kPayloadBytesMax = 16U << 20U;

    enum class Members : std::uint8_t { none, all };
    explicit PayloadColumns(std::vector<column::Field> fields, Members members = Members::none);
    ~PayloadColumns();
    PayloadColumns(PayloadColumns&&) noexcept;
    PayloadColumns& operator=(PayloadColumns&&) noexcept;

    [[nodiscard]] const std::vector<column::Field>& fields() const noexcept;

    // Replaces what was decoded before. Column i belongs to fields()[i].
    void decode(std::span<const MessageView> messages);
    [[nodiscard]] const column::Column& column(std::size_t field) const;
    [[nodiscard]] std::size_t rows() const noexcept;
    // With Members::all: what the payload of `row` holds, in its order, each path once (the first
    // of members of one name counts). What is no object is one member, `value`.
    [[nodiscard]] std::span<const Member> members(std::size_t row) const;

    // Why the payload of `row` could not be decoded; empty where it could, or no field needs it.
    [[nodiscard]] std::string_view error(std::size_t row) const;
    // True where field ts `field` of `row` is its arrival because what stood there was no plausible
    // time.
    [[nodiscard]] bool is_implausible(std::size_t field, std::size_t row) const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::record
