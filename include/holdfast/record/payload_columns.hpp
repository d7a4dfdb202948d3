#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/column/field.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::record {

// One message as columns are read from it. Borrowed: must outlive the columns.
struct MessageView {
    ByteView payload;
    std::string_view topic;                 // empty: NULL
    std::optional<std::string_view> device; // record key
    std::string_view client_id;
    std::uint8_t qos = 0;
    std::optional<std::int64_t> event_ms{}; // header ts
    std::int64_t arrival_ms = 0;            // ingest time
    std::string_view stream;
    PartitionIndex partition = 0;
    Offset offset = 0;
};

// Decodes each payload once into the columns that all its readers need together.
//
// The whole document is validated, so whether a row is valid does not depend on the fields asked
// for. A payload that is neither JSON nor plain UTF-8 text (damaged, deeper than 256, over 16 MiB)
// gives NULLs for its fields and an error for its row; it never fails the batch. int64 stays exact;
// other numbers, also integers beyond int64, are doubles; objects and arrays are their JSON text.
//
// Event time (field ts): the field's path, else the message's event_ms, else `ts`, `timestamp` or
// `time` in the payload, else arrival; more than 1 h ahead of arrival is clamped to that.
// One thread at a time. Buffers are kept from batch to batch.
class PayloadColumns {
public:
    static constexpr std::int64_t kAheadOfArrivalMaxUs = 3'600'000'000;
    static constexpr std::size_t kDepthMax = 256;
    static constexpr std::size_t kPayloadBytesMax = 16U << 20U;

    explicit PayloadColumns(std::vector<column::Field> fields);
    ~PayloadColumns();
    PayloadColumns(PayloadColumns&&) noexcept;
    PayloadColumns& operator=(PayloadColumns&&) noexcept;

    [[nodiscard]] const std::vector<column::Field>& fields() const noexcept;

    // Replaces what was decoded before. Column i belongs to fields()[i].
    void decode(std::span<const MessageView> messages);
    [[nodiscard]] const column::Column& column(std::size_t field) const;
    [[nodiscard]] std::size_t rows() const noexcept;

    // Why the payload of `row` could not be decoded; empty where it could, or no field needs it.
    [[nodiscard]] std::string_view error(std::size_t row) const;
    // True where field ts `field` was clamped in `row`.
    [[nodiscard]] bool is_clamped(std::size_t field, std::size_t row) const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::record
