#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>

namespace holdfast::record {

// How a transaction ended. Kafka's numbers: they reach the marker's key.
enum class TransactionEnd : std::uint8_t { abort = 0, commit = 1 };

// The control batch of one record that ends a producer's transaction in a partition (KIP-98): key
// = version 0, type; value = version 0, coordinator epoch 0.
[[nodiscard]] Bytes make_transaction_marker(std::int64_t producer_id, std::int16_t producer_epoch,
                                            TransactionEnd end, std::int64_t timestamp_ms);

// What the whole control batch `batch` says. Errors: corrupt (CRC, lengths), not_supported (a
// control record of another version or type).
[[nodiscard]] Result<TransactionEnd> read_transaction_marker(ByteView batch);

} // namespace holdfast::record
