#include <holdfast/alarms/alarm.hpp>

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::alarms {
namespace {

constexpr std::uint8_t kVersion = 1;

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

void put_text(ByteWriter& out, std::string_view text) {
    out.varlong(static_cast<std::int64_t>(text.size()));
    out.text(text);
}

Result<std::string> take_text(ByteReader& in) {
    HF_TRY(const auto size, in.varlong());
    if (size < 0 || static_cast<std::uint64_t>(size) > in.remaining())
        return fail(Errc::corrupt, "alarm state: a text is longer than the state");
    HF_TRY(const auto bytes, in.take(static_cast<std::size_t>(size)));
    return std::string(as_text(bytes));
}

Result<Alarm> decode(ByteReader& in) {
    Alarm alarm;
    HF_TRY(const auto version, in.u8());
    if (version != kVersion)
        return fail(Errc::not_supported, fmt::format("alarm state of version {}", version));
    HF_TRY(const auto state, in.u8());
    if (state > 1) return fail(Errc::corrupt, fmt::format("alarm state {}", state));
    alarm.state = static_cast<AlarmState>(state);
    HF_TRY(alarm.raised_ms, in.varlong());
    HF_TRY(const auto has_cleared, in.u8());
    HF_TRY(const auto cleared_ms, in.varlong());
    if (has_cleared == 1) alarm.cleared_ms = cleared_ms;
    for (std::string* text : {&alarm.source, &alarm.name, &alarm.key, &alarm.device,
                              &alarm.severity, &alarm.details_json}) {
        HF_TRY(*text, take_text(in));
    }
    if (has_cleared > 1 || !in.empty()) return fail(Errc::corrupt, "alarm state: bytes too many");
    return alarm;
}

} // namespace

std::string_view to_string(AlarmState state) noexcept {
    return state == AlarmState::active ? "active" : "cleared";
}

std::string alarm_id(std::string_view source, std::string_view name, std::string_view key) {
    const std::uint64_t id = hash(hash(hash(0xCBF29CE484222325ULL, source), name), key);
    return fmt::format("{:016x}", id);
}

log::StateChange state_change(const Alarm& alarm) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.u8(static_cast<std::uint8_t>(alarm.state));
    out.varlong(alarm.raised_ms);
    out.u8(alarm.cleared_ms ? 1 : 0);
    out.varlong(alarm.cleared_ms.value_or(0));
    for (const std::string* text : {&alarm.source, &alarm.name, &alarm.key, &alarm.device,
                                    &alarm.severity, &alarm.details_json})
        put_text(out, *text);
    return {log::Keyspace::alarms, alarm_id(alarm), std::string(as_text(bytes))};
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
    text("severity", alarm.severity);
    out += fmt::format(",\"raised_at\":{}", alarm.raised_ms);
    out += alarm.cleared_ms ? fmt::format(",\"cleared_at\":{}", *alarm.cleared_ms)
                            : std::string(",\"cleared_at\":null");
    out += ",\"details\":";
    out += alarm.details_json.empty() ? "{}" : alarm.details_json;
    out += '}';
    return out;
}

} // namespace holdfast::alarms
