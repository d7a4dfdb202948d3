#include <holdfast/alarms/alarm.hpp>

#include "alarms/text_codec.hpp"

#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace holdfast::alarms {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kWorsenedVersion = 3; // of an alarm that got worse

// FNV-1a, 64 bit (Fowler, Noll, Vo); the separator keeps ("ab", "c") and ("a", "bc") apart.
std::uint64_t hash(std::uint64_t seed, std::string_view text) noexcept {
    for (const char c : text) {
        seed ^= static_cast<unsigned char>(c);
        seed *= 0x100000001B3ULL;
    }
    return (seed ^ 0xFFU) * 0x100000001B3ULL;
}

void append_level(std::string& topic, std::string_view level) {
    for (const char c : level) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20;
        topic += is_control || c == '/' || c == '+' || c == '#' ? '_' : c;
    }
}

void put_note(ByteWriter& out, const std::optional<OperatorNote>& note) {
    out.u8(note ? 1 : 0);
    if (!note) return;
    out.varlong(note->at_ms);
    out.varlong(note->until_ms);
    put_text(out, note->by);
}

Result<std::optional<OperatorNote>> take_note(ByteReader& in) {
    HF_TRY(const auto is_there, in.u8());
    if (is_there > 1) return fail(Errc::corrupt, "alarm state: an operator's note");
    if (is_there == 0) return std::optional<OperatorNote>();
    OperatorNote note;
    HF_TRY(note.at_ms, in.varlong());
    HF_TRY(note.until_ms, in.varlong());
    HF_TRY(note.by, take_text(in));
    return std::optional(std::move(note));
}

Result<Alarm> decode(ByteReader& in) {
    Alarm alarm;
    HF_TRY(const auto version, in.u8());
    if (version != kVersion && version != kWorsenedVersion)
        return fail(Errc::not_supported, fmt::format("alarm state of version {}", version));
    HF_TRY(const auto state, in.u8());
    if (state > 1) return fail(Errc::corrupt, fmt::format("alarm state {}", state));
    alarm.state = static_cast<AlarmState>(state);
    HF_TRY(const auto severity, in.u8());
    HF_TRY(const auto reason, in.u8());
    const bool is_cleared = alarm.state == AlarmState::cleared;
    if (severity > static_cast<std::uint8_t>(Severity::critical) ||
        reason > static_cast<std::uint8_t>(ClearReason::removed) || is_cleared != (reason != 0))
        return fail(Errc::corrupt, fmt::format("alarm severity {}, reason {}", severity, reason));
    alarm.severity = static_cast<Severity>(severity);
    alarm.reason = static_cast<ClearReason>(reason);
    HF_TRY(alarm.raised_ms, in.varlong());
    if (is_cleared) {
        HF_TRY(const auto cleared_ms, in.varlong());
        alarm.cleared_ms = cleared_ms;
    }
    for (std::string* text : {&alarm.source, &alarm.name, &alarm.key, &alarm.device,
                              &alarm.occurrence, &alarm.details_json}) {
        HF_TRY(*text, take_text(in));
    }
    HF_TRY(alarm.acknowledged, take_note(in));
    HF_TRY(alarm.shelved, take_note(in));
    if (version == kWorsenedVersion) {
        HF_TRY(const auto worsened_ms, in.varlong());
        alarm.worsened_ms = worsened_ms;
    }
    if (!in.empty()) return fail(Errc::corrupt, "alarm state: bytes too many");
    return alarm;
}

} // namespace

std::string_view to_string(AlarmState state) noexcept {
    return state == AlarmState::active ? "active" : "cleared";
}

std::string_view to_string(ClearReason reason) noexcept {
    switch (reason) {
        case ClearReason::none: return "";
        case ClearReason::cleared: return "cleared";
        case ClearReason::removed: return "removed";
    }
    return "?";
}

std::string_view to_string(const Judgement& label) noexcept {
    return label.is_true ? "true" : "false";
}

std::string occurrence_id(const Alarm& alarm, std::uint64_t raise_number) {
    const std::uint64_t of_key =
        hash(hash(hash(0xCBF29CE484222325ULL, alarm.source), alarm.name), alarm.key);
    const std::string moment = fmt::format("{}/{}", alarm.raised_ms, raise_number);
    return fmt::format("{:016x}", hash(of_key, moment));
}

Alarm removed(Alarm alarm, std::int64_t now_ms) {
    assert(alarm.state == AlarmState::active);
    alarm.state = AlarmState::cleared;
    alarm.reason = ClearReason::removed;
    // Event time may be ahead of ours; an alarm does not end before it began.
    alarm.cleared_ms = std::max(now_ms, alarm.raised_ms);
    return alarm;
}

std::string alarm_id(std::string_view source, std::string_view name, std::string_view key) {
    const std::uint64_t id = hash(hash(hash(0xCBF29CE484222325ULL, source), name), key);
    return fmt::format("{:016x}", id);
}

log::StateChange state_change(const Alarm& alarm) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(alarm.worsened_ms ? kWorsenedVersion : kVersion);
    const bool is_cleared = alarm.state == AlarmState::cleared;
    assert(is_cleared == alarm.cleared_ms.has_value());
    assert(is_cleared == (alarm.reason != ClearReason::none));
    out.u8(static_cast<std::uint8_t>(alarm.state));
    out.u8(static_cast<std::uint8_t>(alarm.severity));
    out.u8(static_cast<std::uint8_t>(alarm.reason));
    out.varlong(alarm.raised_ms);
    if (is_cleared) out.varlong(*alarm.cleared_ms);
    for (const std::string* text : {&alarm.source, &alarm.name, &alarm.key, &alarm.device,
                                    &alarm.occurrence, &alarm.details_json})
        put_text(out, *text);
    put_note(out, alarm.acknowledged);
    put_note(out, alarm.shelved);
    if (alarm.worsened_ms) out.varlong(*alarm.worsened_ms);
    return {kKeyspace, alarm_id(alarm), std::string(as_text(bytes))};
}

Result<Alarm> decode_alarm(std::string_view value) {
    ByteReader in(as_bytes(value));
    auto alarm = decode(in);
    if (alarm || alarm.error().code == Errc::not_supported) return alarm;
    return fail(Errc::corrupt, alarm.error().context); // short input reads as malformed
}

std::string alarm_topic(const Alarm& alarm) {
    std::string topic = "alarms/";
    append_level(topic, alarm.source);
    topic += '/';
    append_level(topic, alarm.name);
    topic += '/';
    append_level(topic, alarm.key);
    return topic;
}

std::string to_json(const Alarm& alarm) {
    using column::append_json_string;
    std::string out = "{\"id\":";
    append_json_string(out, alarm_id(alarm));
    const auto text = [&out](std::string_view name, std::string_view value) {
        out += ',';
        append_json_string(out, name);
        out += ':';
        append_json_string(out, value);
    };
    text("source", alarm.source);
    text("name", alarm.name);
    text("key", alarm.key);
    text("device", alarm.device);
    text("state", to_string(alarm.state));
    text("severity", to_string(alarm.severity));
    text("occurrence", alarm.occurrence);
    out += fmt::format(",\"raised_at\":{}", alarm.raised_ms);
    out += alarm.cleared_ms ? fmt::format(",\"cleared_at\":{}", *alarm.cleared_ms)
                            : std::string(",\"cleared_at\":null");
    if (alarm.worsened_ms) out += fmt::format(",\"worsened_at\":{}", *alarm.worsened_ms);
    if (alarm.reason == ClearReason::none) {
        out += ",\"reason\":null";
    } else {
        text("reason", to_string(alarm.reason));
    }
    const auto note = [&](std::string_view name, const OperatorNote& said) {
        out += fmt::format(",\"{}\":{{\"at\":{}", name, said.at_ms);
        text("by", said.by);
        text("comment", said.comment);
        out += '}';
    };
    if (alarm.acknowledged) note("acknowledged", *alarm.acknowledged);
    if (alarm.label) {
        text("label", to_string(*alarm.label));
        note("labelled", alarm.label->note);
    }
    out += ",\"details\":";
    out += alarm.details_json.empty() ? "{}" : alarm.details_json;
    out += '}';
    return out;
}

} // namespace holdfast::alarms
