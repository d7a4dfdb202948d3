#include <holdfast/alarms/acknowledgement.hpp>

#include "alarms/text_codec.hpp"

#include <holdfast/alarms/keyspace.hpp>

#include <utility>

namespace holdfast::alarms {
namespace {

constexpr std::uint8_t kVersion = 1;

Result<void> decode(ByteReader& in, Acknowledgement& out) {
    HF_TRY(const auto version, in.u8());
    if (version != kVersion) return fail(Errc::corrupt, "an acknowledgement of another version");
    HF_TRY(out.occurrence, take_text(in));
    HF_TRY(out.note.at_ms, in.varlong());
    HF_TRY(out.note.by, take_text(in));
    HF_TRY(out.note.comment, take_text(in));
    if (!in.empty()) return fail(Errc::corrupt, "an acknowledgement with bytes too many");
    return ok();
}

} // namespace

log::StateChange state_change(const Acknowledgement& acknowledgement) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    put_text(out, acknowledgement.occurrence);
    out.varlong(acknowledgement.note.at_ms);
    put_text(out, acknowledgement.note.by);
    put_text(out, acknowledgement.note.comment);
    return {kAcknowledgementsKeyspace, acknowledgement.alarm, std::string(as_text(bytes))};
}

Result<Acknowledgement> decode_acknowledgement(std::string_view alarm, std::string_view value) {
    Acknowledgement out;
    out.alarm = alarm;
    ByteReader in(as_bytes(value));
    if (const auto decoded = decode(in, out); !decoded)
        return fail(Errc::corrupt, decoded.error().context); // short input reads as malformed
    return out;
}

} // namespace holdfast::alarms
