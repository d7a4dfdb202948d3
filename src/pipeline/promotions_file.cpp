#include "pipeline/promotions_file.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/base/whole_file.hpp>

namespace holdfast::pipeline {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kBytesMax = 64 * 1024;

Result<std::vector<std::uint64_t>> decode(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint32_t crc, reader.u32_be());
    if (crc32c(reader.rest()) != crc) return fail(Errc::corrupt, "its checksum does not match");
    HF_TRY(const std::uint8_t format, reader.u8());
    if (format != kFormat) return fail(Errc::not_supported, "it is of a newer format");
    std::vector<std::uint64_t> out;
    while (!reader.empty()) {
        HF_TRY(out.emplace_back(), reader.u64_be());
    }
    return out;
}

} // namespace

Bytes encode_promotions(std::span<const std::uint64_t> numbers) {
    Bytes body;
    ByteWriter writer(body);
    writer.u8(kFormat);
    for (const std::uint64_t number : numbers) writer.u64_be(number);
    Bytes out;
    ByteWriter head(out);
    head.u32_be(crc32c(body));
    head.bytes(body);
    return out;
}

Result<std::vector<std::uint64_t>> read_promotions(const std::filesystem::path& file) {
    HF_TRY(const Bytes bytes, read_whole(file, kBytesMax));
    auto numbers = decode(bytes);
    if (!numbers) return fail(Errc::corrupt, file.string() + ": " + numbers.error().context);
    return numbers;
}

} // namespace holdfast::pipeline
