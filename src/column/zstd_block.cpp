#include "column/zstd_block.hpp"

#include <zstd.h>

namespace holdfast::column {
namespace {

// The fastest that gains on text; higher levels cost ingest more than they save on chunks this
// small.
constexpr int kLevel = 1;
constexpr std::size_t kWorthwhileBytes = 32; // less than that never pays its frame

} // namespace

void write_block(ByteView raw, Bytes& out) {
    ByteWriter writer(out);
    writer.varlong(static_cast<std::int64_t>(raw.size()));
    if (raw.size() >= kWorthwhileBytes) {
        Bytes packed(ZSTD_compressBound(raw.size()));
        const std::size_t size =
            ZSTD_compress(packed.data(), packed.size(), raw.data(), raw.size(), kLevel);
        if (ZSTD_isError(size) == 0 && size < raw.size()) {
            writer.varlong(static_cast<std::int64_t>(size));
            writer.bytes(ByteView(packed).first(size));
            return;
        }
    }
    writer.varlong(static_cast<std::int64_t>(raw.size()));
    writer.bytes(raw);
}

Result<Bytes> read_block(ByteReader& in, std::size_t bytes_max) {
    HF_TRY(const auto raw_size, in.varlong());
    HF_TRY(const auto stored_size, in.varlong());
    if (raw_size < 0 || stored_size < 0 || stored_size > raw_size ||
        static_cast<std::size_t>(raw_size) > bytes_max)
        return fail(Errc::corrupt, "chunk: a block that is too large");
    HF_TRY(const ByteView stored, in.take(static_cast<std::size_t>(stored_size)));
    if (stored_size == raw_size) return Bytes(stored.begin(), stored.end());
    Bytes raw(static_cast<std::size_t>(raw_size));
    const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0 || size != raw.size())
        return fail(Errc::corrupt, "chunk: a block that does not decompress");
    return raw;
}

} // namespace holdfast::column
