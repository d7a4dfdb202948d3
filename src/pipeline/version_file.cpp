#include "pipeline/version_file.hpp"

#include <holdfast/base/crc32c.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::pipeline {
namespace {

constexpr std::array kMagic = {std::byte{0x8A}, std::byte{'H'}, std::byte{'F'}, std::byte{'V'},
                               std::byte{'E'},  std::byte{'R'}, std::byte{'S'}, std::byte{0x0A}};
constexpr std::uint32_t kFormat = 1;

Error damaged(std::string_view what) {
    return fail(Errc::corrupt, fmt::format("damaged: {}", what));
}

Result<VersionFile> decode_body(ByteView body) {
    ByteReader reader(body);
    HF_TRY(const std::uint64_t number, reader.u64_be());
    if (number == 0) return damaged("it has no number");
    HF_TRY(const std::uint64_t trained_ms, reader.u64_be());
    HF_TRY(const std::string_view made_by, reader.utf8_with_u16_length());
    HF_TRY(const std::uint32_t report, reader.u32_be());
    if (report > kReportBytesMax) return damaged("a report of more than 16 MiB");
    HF_TRY(const ByteView text, reader.take(report));
    if (!is_utf8(as_text(text))) return damaged("a report that is not UTF-8");
    HF_TRY(ml::TrainedModel model, ml::decode_model(reader.rest()));
    return VersionFile{number, static_cast<std::int64_t>(trained_ms), std::string(made_by),
                       std::string(as_text(text)), std::move(model)};
}

} // namespace

Result<Bytes> encode_version(const VersionFile& version) {
    const Bytes model = ml::encode_model(version.model);
    if (model.size() > ml::kModelFileBytesMax)
        return fail(Errc::too_large, fmt::format("the model has {} bytes, at most {} are kept: "
                                                 "fewer or smaller trees make it smaller",
                                                 model.size(), ml::kModelFileBytesMax));
    if (version.report.size() > kReportBytesMax)
        return fail(Errc::too_large, "the report has more than 16 MiB: try fewer candidates");
    Bytes body;
    ByteWriter writer(body);
    writer.u64_be(version.number);
    writer.u64_be(static_cast<std::uint64_t>(version.trained_ms));
    writer.text_with_u16_length(version.made_by);
    writer.u32_be(static_cast<std::uint32_t>(version.report.size()));
    writer.text(version.report);
    writer.bytes(model);
    Bytes out;
    ByteWriter head(out);
    head.bytes(kMagic);
    head.u32_be(kFormat);
    head.u64_be(body.size());
    head.u32_be(crc32c(body));
    head.bytes(body);
    return out;
}

Result<VersionFile> decode_version(ByteView bytes) {
    ByteReader reader(bytes);
    const auto magic = reader.take(kMagic.size());
    if (!magic || !std::ranges::equal(magic.value(), kMagic))
        return fail(Errc::malformed, "it is no version of a model");
    const auto format = reader.u32_be();
    const auto length = reader.u64_be();
    const auto crc = reader.u32_be();
    if (!format || !length || !crc) return damaged("it is cut short");
    if (format.value() != kFormat)
        return fail(Errc::not_supported,
                    fmt::format("it is of format {}, known is {}", format.value(), kFormat));
    if (length.value() != reader.remaining())
        return damaged(fmt::format("{} bytes instead of {}", reader.remaining(), length.value()));
    if (crc32c(reader.rest()) != crc.value()) return damaged("its checksum does not match");
    auto out = decode_body(reader.rest());
    if (!out && out.error().code != Errc::not_supported) return damaged(out.error().context);
    return out;
}

} // namespace holdfast::pipeline
