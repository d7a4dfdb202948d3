#include <holdfast/alarms/label.hpp>

#include "alarms/text_codec.hpp"

#include <holdfast/alarms/keyspace.hpp>

#include <utility>

namespace holdfast::alarms {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kIdBytes = 16; // alarm_id()

Result<bool> take_flag(ByteReader& in, const char* what) {
    HF_TRY(const auto flag, in.u8());
    if (flag > 1) return fail(Errc::corrupt, what);
    return flag == 1;
}

Result<void> decode(ByteReader& in, Label& out) {
    HF_TRY(const auto version, in.u8());
    if (version != kVersion) return fail(Errc::corrupt, "a label of another version");
    HF_TRY(out.said.is_true, take_flag(in, "a label that is neither true nor false"));
    HF_TRY(out.source, take_text(in));
    HF_TRY(out.device, take_text(in));
    HF_TRY(out.raised_ms, in.varlong());
    HF_TRY(const bool is_over, take_flag(in, "a label whose occurrence is neither over nor not"));
    if (is_over) {
        HF_TRY(const auto cleared_ms, in.varlong());
        out.cleared_ms = cleared_ms;
    }
    HF_TRY(out.said.note.at_ms, in.varlong());
    HF_TRY(out.said.note.by, take_text(in));
    HF_TRY(out.said.note.comment, take_text(in));
    if (!in.empty()) return fail(Errc::corrupt, "a label with bytes too many");
    return ok();
}

} // namespace

Label label_of(const Alarm& alarm, Judgement said) {
    return {alarm_id(alarm), alarm.occurrence, alarm.source,   alarm.device,
            alarm.raised_ms, alarm.cleared_ms, std::move(said)};
}

std::string label_key(std::string_view alarm, std::string_view occurrence) {
    std::string key(alarm);
    key += occurrence;
    return key;
}

log::StateChange state_change(const Label& label) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.u8(label.said.is_true ? 1 : 0);
    put_text(out, label.source);
    put_text(out, label.device);
    out.varlong(label.raised_ms);
    out.u8(label.cleared_ms ? 1 : 0);
    if (label.cleared_ms) out.varlong(*label.cleared_ms);
    out.varlong(label.said.note.at_ms);
    put_text(out, label.said.note.by);
    put_text(out, label.said.note.comment);
    return {kLabelsKeyspace, label_key(label.alarm, label.occurrence), std::string(as_text(bytes))};
}

log::StateChange removal_of(const Label& label) {
    return {kLabelsKeyspace, label_key(label.alarm, label.occurrence), std::nullopt};
}

Result<Label> decode_label(std::string_view key, std::string_view value) {
    if (key.size() < kIdBytes) return fail(Errc::corrupt, "a label of no alarm");
    Label out;
    out.alarm = key.substr(0, kIdBytes);
    out.occurrence = key.substr(kIdBytes);
    ByteReader in(as_bytes(value));
    if (const auto decoded = decode(in, out); !decoded)
        return fail(Errc::corrupt, decoded.error().context); // short input reads as malformed
    return out;
}

} // namespace holdfast::alarms
