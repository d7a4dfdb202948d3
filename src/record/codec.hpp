#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/record/batch_builder.hpp>

#include <span>

namespace holdfast::record {

// Compresses `from` into `to` as Kafka frames the codec. 0 where it does not fit, that is, where
// it gains nothing.
[[nodiscard]] std::size_t compress(Compression codec, ByteView from, std::span<std::byte> to);

// corrupt: not what the codec writes; limit_exceeded: more than `bytes_max` come out. Sizes that
// the input claims are not believed: the output grows as it comes.
[[nodiscard]] Result<Bytes> decompress(Compression codec, ByteView from, std::size_t bytes_max);

} // namespace holdfast::record
