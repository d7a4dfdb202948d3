#include "record/codec.hpp"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

namespace holdfast::record {
namespace {

constexpr std::size_t kGrowBytes = 64 * 1024;
constexpr int kGzipWindow = 15 + 16; // zlib's way to ask for gzip framing

// Kafka's Java client frames snappy as xerial's snappy-java does: magic, version 1, lowest
// compatible version 1, then blocks with a big-endian length each. librdkafka sends plain snappy.
// Both are read, the framed form is written.
constexpr std::array<unsigned char, 16> kXerialHeader = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                         0,    0,   0,   1,   0,   0,   0,   1};
constexpr std::size_t kXerialMagicBytes = 8;
constexpr std::size_t kXerialBlockBytes = 32 * 1024; // as snappy-java cuts them

Error damaged(const char* codec) {
    return fail(Errc::corrupt, std::string("a ") + codec + " batch does not decompress");
}
Error too_large() {
    return fail(Errc::limit_exceeded, "a batch decompresses past its bound");
}

// Room at the end of `out` for the next piece; 0 where the bound is passed. One byte over the
// bound is offered, so that content of exactly `bytes_max` can still reach the end of its frame.
std::size_t grow(Bytes& out, std::size_t used, std::size_t bytes_max) {
    if (used > bytes_max) return 0;
    const std::size_t wanted = std::min(bytes_max + 1, std::max(used + kGrowBytes, used * 2));
    out.resize(wanted);
    return wanted - used;
}

Result<Bytes> gunzip(ByteView from, std::size_t bytes_max) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) return fail(Errc::io, "zlib cannot start");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data()));
    stream.avail_in = static_cast<uInt>(from.size());
    Bytes out;
    std::size_t used = 0;
    for (int status = Z_OK; status != Z_STREAM_END;) {
        const std::size_t room = grow(out, used, bytes_max);
        if (room == 0) return too_large();
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
        stream.avail_out = static_cast<uInt>(room);
        status = inflate(&stream, Z_NO_FLUSH);
        const std::size_t produced = room - stream.avail_out;
        if (status != Z_OK && status != Z_STREAM_END) return damaged("gzip");
        if (status == Z_OK && produced == 0 && stream.avail_in == 0) return damaged("gzip");
        used += produced;
    }
    if (used > bytes_max) return too_large();
    out.resize(used);
    return out;
}

Result<Bytes> unlz4(ByteView from, std::size_t bytes_max) {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return fail(Errc::io, "lz4 cannot start");
    const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> end(
        context, LZ4F_freeDecompressionContext);
    Bytes out;
    std::size_t used = 0;
    for (std::size_t hint = 1; hint != 0;) {
        std::size_t room = grow(out, used, bytes_max);
        if (room == 0) return too_large();
        std::size_t taken = from.size();
        hint = LZ4F_decompress(context, out.data() + used, &room, from.data(), &taken, nullptr);
        if (LZ4F_isError(hint)) return damaged("lz4");
        if (hint != 0 && room == 0 && taken == 0) return damaged("lz4"); // ends too soon
        from = from.subspan(taken);
        used += room;
    }
    if (used > bytes_max) return too_large();
    out.resize(used);
    return out;
}

Result<Bytes> unzstd(ByteView from, std::size_t bytes_max) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                          ZSTD_freeDCtx);
    if (!context) return fail(Errc::io, "zstd cannot start");
    ZSTD_inBuffer input{from.data(), from.size(), 0};
    Bytes out;
    std::size_t used = 0;
    for (std::size_t hint = 1; hint != 0;) {
        const std::size_t room = grow(out, used, bytes_max);
        if (room == 0) return too_large();
        ZSTD_outBuffer output{out.data() + used, room, 0};
        const std::size_t before = input.pos;
        hint = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(hint)) return damaged("zstd");
        if (hint != 0 && output.pos == 0 && input.pos == before) return damaged("zstd");
        used += output.pos;
    }
    if (used > bytes_max) return too_large();
    out.resize(used);
    return out;
}

Result<void> unsnappy_block(ByteView from, Bytes& out, std::size_t bytes_max) {
    const auto* text = reinterpret_cast<const char*>(from.data());
    std::size_t bytes = 0;
    if (!snappy::GetUncompressedLength(text, from.size(), &bytes)) return damaged("snappy");
    if (bytes > bytes_max - out.size()) return too_large();
    // The claim is checked against the content before memory is given to it.
    if (!snappy::IsValidCompressedBuffer(text, from.size())) return damaged("snappy");
    const std::size_t before = out.size();
    out.resize(before + bytes);
    if (!snappy::RawUncompress(text, from.size(), reinterpret_cast<char*>(out.data() + before)))
        return damaged("snappy");
    return ok();
}

Result<Bytes> unsnappy(ByteView from, std::size_t bytes_max) {
    Bytes out;
    const bool is_xerial = from.size() >= kXerialHeader.size() &&
                           std::memcmp(from.data(), kXerialHeader.data(), kXerialMagicBytes) == 0;
    if (!is_xerial) {
        HF_TRY(unsnappy_block(from, out, bytes_max));
        return out;
    }
    ByteReader reader(from.subspan(kXerialHeader.size()));
    while (!reader.empty()) {
        const auto length = reader.u32_be();
        if (!length) return damaged("snappy");
        const auto block = reader.take(length.value());
        if (!block) return damaged("snappy");
        HF_TRY(unsnappy_block(block.value(), out, bytes_max));
    }
    return out;
}

std::size_t gzip(ByteView from, std::span<std::byte> to) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data()));
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = reinterpret_cast<Bytef*>(to.data());
    stream.avail_out = static_cast<uInt>(to.size());
    return deflate(&stream, Z_FINISH) == Z_STREAM_END ? to.size() - stream.avail_out : 0;
}

std::size_t snappy_xerial(ByteView from, std::span<std::byte> to) {
    if (to.size() < kXerialHeader.size()) return 0;
    std::memcpy(to.data(), kXerialHeader.data(), kXerialHeader.size());
    std::size_t used = kXerialHeader.size();
    std::string block;
    while (!from.empty()) {
        const ByteView piece = from.first(std::min(from.size(), kXerialBlockBytes));
        from = from.subspan(piece.size());
        snappy::Compress(reinterpret_cast<const char*>(piece.data()), piece.size(), &block);
        if (used + 4 + block.size() > to.size()) return 0;
        store_u32_be(to.data() + used, static_cast<std::uint32_t>(block.size()));
        std::memcpy(to.data() + used + 4, block.data(), block.size());
        used += 4 + block.size();
    }
    return used;
}

std::size_t lz4_frame(ByteView from, std::span<std::byte> to) {
    // Kafka's Java client refuses frames whose blocks lean on each other.
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    // compressFrame wants room for the worst case, whatever comes out.
    const std::size_t bound = LZ4F_compressFrameBound(from.size(), &preferences);
    const auto room = std::make_unique_for_overwrite<std::byte[]>(bound);
    const std::size_t bytes =
        LZ4F_compressFrame(room.get(), bound, from.data(), from.size(), &preferences);
    if (LZ4F_isError(bytes) || bytes > to.size()) return 0;
    std::memcpy(to.data(), room.get(), bytes);
    return bytes;
}

} // namespace

std::size_t compress(Compression codec, ByteView from, std::span<std::byte> to) {
    switch (codec) {
        case Compression::none: return 0;
        case Compression::gzip: return gzip(from, to);
        case Compression::snappy: return snappy_xerial(from, to);
        case Compression::lz4: return lz4_frame(from, to);
        case Compression::zstd: {
            const std::size_t bytes =
                ZSTD_compress(to.data(), to.size(), from.data(), from.size(), 1);
            return ZSTD_isError(bytes) ? 0 : bytes;
        }
    }
    return 0;
}

Result<Bytes> decompress(Compression codec, ByteView from, std::size_t bytes_max) {
    switch (codec) {
        case Compression::none: break;
        case Compression::gzip: return gunzip(from, bytes_max);
        case Compression::snappy: return unsnappy(from, bytes_max);
        case Compression::lz4: return unlz4(from, bytes_max);
        case Compression::zstd: return unzstd(from, bytes_max);
    }
    return fail(Errc::not_supported, "unknown compression codec");
}

} // namespace holdfast::record
