#include <gateway/http/gunzip.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace holdfast::gateway {
namespace {

constexpr int kGzipWindow = 15 + 16; // the largest window, and gzip's header
constexpr std::size_t kPieceBytes = 64U << 10U;

} // namespace

Result<std::string> gunzip(std::string_view gzip, std::size_t bytes_max, TakenBytes& taken) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
        return fail(Errc::limit_exceeded, "no memory to decompress the body");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data())); // zlib reads only
    stream.avail_in = static_cast<uInt>(gzip.size());
    std::string out;
    std::size_t charged = 0; // of out: a member may use little of the room that it was given
    for (;;) {
        // One byte past the bound may come, so that a body of just bytes_max reaches its end.
        const std::size_t room = std::min(kPieceBytes, bytes_max + 1 - out.size());
        const std::size_t used = out.size();
        const std::size_t more = used + room - std::min(charged, used + room);
        if (!taken.take(more))
            return fail(Errc::limit_exceeded, "too much is waiting in memory; try again later");
        charged += more;
        out.resize(used + room);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
        stream.avail_out = static_cast<uInt>(room);
        const int status = inflate(&stream, Z_NO_FLUSH);
        out.resize(used + room - stream.avail_out);
        if (out.size() > bytes_max)
            return fail(Errc::too_large,
                        fmt::format("the body is over {} bytes decompressed", bytes_max));
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0) return out;
            if (inflateReset(&stream) == Z_OK) continue; // the next member
        }
        if (status != Z_OK)
            return fail(Errc::malformed, stream.avail_in == 0 ? "the gzip body ends too early"
                                                              : "the body is not gzip");
    }
}

} // namespace holdfast::gateway
