#include "history/erasure_codec.hpp"

#include <holdfast/base/bytes.hpp>

#include <fmt/format.h>

namespace holdfast::history {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kStreamBytes = 4;

void put_text(ByteWriter& out, std::string_view text) {
    out.varlong(static_cast<std::int64_t>(text.size()));
    out.text(text);
}

Result<std::string> take_text(ByteReader& in) {
    HF_TRY(const auto size, in.varlong());
    if (size < 0) return fail(Errc::corrupt, "a text shorter than nothing");
    HF_TRY(const ByteView text, in.take(static_cast<std::size_t>(size)));
    return std::string(as_text(text));
}

Result<Erasure> decode_value(ByteReader& in) {
    HF_TRY(const auto version, in.u8());
    if (version != kVersion)
        return fail(Errc::not_supported, fmt::format("version {}, this is {}", version, kVersion));
    Erasure what;
    HF_TRY(what.asked_ms, in.varlong());
    HF_TRY(what.actor, take_text(in));
    HF_TRY(what.address, take_text(in));
    HF_TRY(what.rows, in.u64_be());
    HF_TRY(what.records, in.u64_be());
    while (!in.rest().empty()) {
        HF_TRY(const auto index, in.u32_be());
        HF_TRY(const auto below, in.u64_be());
        what.below[index] = static_cast<Offset>(below);
    }
    return what;
}

} // namespace

std::string erasure_state_key(StreamId stream, std::string_view device) {
    Bytes key;
    ByteWriter writer(key);
    writer.u32_be(number(stream));
    writer.text(device);
    return std::string(as_text(key));
}

std::string encode_erasure(const Erasure& what) {
    Bytes value;
    ByteWriter writer(value);
    writer.u8(kVersion);
    writer.varlong(what.asked_ms);
    put_text(writer, what.actor);
    put_text(writer, what.address);
    writer.u64_be(what.rows);
    writer.u64_be(what.records);
    for (const auto& [index, below] : what.below) {
        writer.u32_be(index);
        writer.u64_be(static_cast<std::uint64_t>(below));
    }
    return std::string(as_text(value));
}

Result<Erasure> decode_erasure(std::string_view key, std::string_view value) {
    if (key.size() < kStreamBytes) return fail(Errc::corrupt, "an erasure: its key is too short");
    ByteReader in(as_bytes(value));
    auto read = decode_value(in);
    const std::string_view device = key.substr(kStreamBytes);
    if (!read)
        return fail(read.error().code == Errc::not_supported ? Errc::not_supported : Errc::corrupt,
                    fmt::format("the erasure of '{}': {}", device, read.error().context));
    Erasure what = std::move(read).value();
    what.stream = StreamId{load_u32_be(as_bytes(key).data())};
    what.device = device;
    return what;
}

} // namespace holdfast::history
