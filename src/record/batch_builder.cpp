#include <holdfast/record/batch_builder.hpp>

#include "record/batch_layout.hpp"
#include "record/codec.hpp"
#include "record/varint.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/record/batch_view.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace holdfast::record {
namespace {

constexpr std::size_t kFixedBytesUsual = 8; // of a record: attributes and varints

std::byte* put(std::byte* at, ByteView bytes) noexcept {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

} // namespace

void encode_header(Bytes& out, std::string_view name, ByteView value) {
    ByteWriter writer(out);
    writer.varint(static_cast<std::int32_t>(name.size()));
    writer.text(name);
    writer.varint(static_cast<std::int32_t>(value.size()));
    writer.bytes(value);
}

BatchBuilder::BatchBuilder(BatchBuilder&& other) noexcept {
    *this = std::move(other);
}

BatchBuilder& BatchBuilder::operator=(BatchBuilder&& other) noexcept {
    buffer_ = std::move(other.buffer_);
    compressed_ = std::move(other.compressed_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    record_count_ = std::exchange(other.record_count_, 0);
    base_timestamp_ms_ = other.base_timestamp_ms_;
    timestamp_max_ms_ = other.timestamp_max_ms_;
    return *this;
}

void BatchBuilder::reserve(std::size_t more) {
    if (size_ + more <= capacity_) return;
    const std::size_t wanted = std::max({size_ + more, capacity_ * 2, std::size_t{4096}});
    auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
    if (size_ != 0) std::memcpy(larger.get(), buffer_.get(), size_);
    buffer_ = std::move(larger);
    capacity_ = wanted;
}

void BatchBuilder::append(std::int64_t timestamp_ms, std::optional<ByteView> key,
                          std::optional<ByteView> value, std::uint32_t header_count,
                          std::span<const ByteView> header_pieces) {
    std::size_t header_bytes = 0;
    for (const ByteView piece : header_pieces) header_bytes += piece.size();
    const std::size_t key_bytes = key ? key->size() : 0;
    const std::size_t value_bytes = value ? value->size() : 0;
    reserve(kBatchHeaderBytes + kVarintsBytesMax + key_bytes + value_bytes + header_bytes);
    if (record_count_ == 0) {
        size_ = kBatchHeaderBytes;
        base_timestamp_ms_ = timestamp_max_ms_ = timestamp_ms;
    }
    timestamp_max_ms_ = std::max(timestamp_max_ms_, timestamp_ms);
    // The length comes first and is known last: where its own size was guessed wrong, what follows
    // moves.
    const std::size_t about = kFixedBytesUsual + key_bytes + value_bytes + header_bytes;
    const std::size_t length_bytes_guess = varint_bytes(static_cast<std::int64_t>(about));
    std::byte* const begin = buffer_.get() + size_;
    std::byte* const body = begin + length_bytes_guess;
    std::byte* at = body;
    *at++ = std::byte{0}; // record attributes: none defined
    at = put_varint(at, timestamp_ms - base_timestamp_ms_);
    at = put_varint(at, record_count_);
    at = put_varint(at, key ? static_cast<std::int64_t>(key_bytes) : -1);
    if (key) at = put(at, *key);
    at = put_varint(at, value ? static_cast<std::int64_t>(value_bytes) : -1);
    if (value) at = put(at, *value);
    at = put_varint(at, header_count);
    for (const ByteView piece : header_pieces) at = put(at, piece);
    const std::int64_t length = at - body;
    const std::size_t length_bytes = varint_bytes(length);
    if (length_bytes != length_bytes_guess)
        std::memmove(begin + length_bytes, body, static_cast<std::size_t>(length));
    put_varint(begin, length);
    size_ += length_bytes + static_cast<std::size_t>(length);
    ++record_count_;
}

std::span<std::byte> BatchBuilder::finish(Compression compression) {
    assert(record_count_ > 0);
    std::byte* batch = buffer_.get();
    std::size_t size = size_;
    const ByteView records{batch + kBatchHeaderBytes, size_ - kBatchHeaderBytes};
    if (compression != Compression::none) {
        compressed_ = std::make_unique_for_overwrite<std::byte[]>(size_);
        // One byte less than there is: what fits is smaller.
        const std::size_t bytes = compress(
            compression, records, {compressed_.get() + kBatchHeaderBytes, records.size() - 1});
        if (bytes == 0) {
            compression = Compression::none; // no gain: stays as it is
        } else {
            batch = compressed_.get();
            size = kBatchHeaderBytes + bytes;
        }
    }
    store_u64_be(batch, 0);
    store_u32_be(batch + kBatchLengthAt, static_cast<std::uint32_t>(size - kLeaderEpochAt));
    store_u32_be(batch + kLeaderEpochAt, 0);
    batch[kMagicAt] = std::byte{2};
    store_u16_be(batch + kAttributesAt, static_cast<std::uint16_t>(compression));
    store_u32_be(batch + kLastOffsetDeltaAt, static_cast<std::uint32_t>(record_count_ - 1));
    store_u64_be(batch + kBaseTimestampAt, static_cast<std::uint64_t>(base_timestamp_ms_));
    store_u64_be(batch + kTimestampMaxAt, static_cast<std::uint64_t>(timestamp_max_ms_));
    store_u64_be(batch + kProducerIdAt, ~std::uint64_t{0}); // -1: no idempotent producer
    store_u16_be(batch + kProducerEpochAt, 0xFFFF);
    store_u32_be(batch + kBaseSequenceAt, 0xFFFFFFFF);
    store_u32_be(batch + kRecordCountAt, static_cast<std::uint32_t>(record_count_));
    store_u32_be(batch + kCrcAt, crc32c({batch + kAttributesAt, size - kAttributesAt}));
    return {batch, size};
}

void BatchBuilder::clear(std::size_t keep_bytes_max) {
    record_count_ = 0;
    size_ = 0;
    compressed_.reset();
    if (capacity_ > keep_bytes_max) {
        buffer_.reset();
        capacity_ = 0;
    }
}

} // namespace holdfast::record
