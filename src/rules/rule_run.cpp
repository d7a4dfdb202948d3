#include "rules/rule_run.hpp"

#include "rules/state_codec.hpp"

#include <fmt/format.h>

namespace holdfast::rules {
namespace {

constexpr std::uint8_t kVersion = 1;

} // namespace

std::string RuleRun::encode() const {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.varlong(next_offset);
    runner.encode(out);
    return std::string(as_text(bytes));
}

Result<void> RuleRun::decode(std::string_view value) {
    ByteReader in(as_bytes(value));
    const auto read = [&]() -> Result<void> {
        HF_TRY(const auto version, in.u8());
        if (version != kVersion)
            return fail(Errc::not_supported, fmt::format("rule state of version {}", version));
        HF_TRY(next_offset, in.varlong());
        return runner.decode(in);
    };
    const auto outcome = read();
    if (outcome) return ok();
    const Errc code =
        outcome.error().code == Errc::not_supported ? Errc::not_supported : Errc::corrupt;
    return fail(code, fmt::format("rule '{}': {}", rule->plan->name, outcome.error().context));
}

void RuleRun::gather(std::size_t checkpoint_records) {
    rule->add(runner.take_counts(), runner.last_error());
    rule->stands_at(partition, next_offset);
    Emitted emitted = runner.take_emitted();
    if (emitted.empty() && unstored_records < checkpoint_records) return;
    unstored_records = 0;
    unstored = std::make_shared<Unstored>();
    unstored->batch.messages = std::move(emitted.messages);
    for (const auto& alarm : emitted.alarms) {
        broker::OutMessage out;
        out.topic = alarms::alarm_topic(alarm);
        out.stream = alarms::kAlarmStream;
        out.device = alarm.device;
        out.client_id = "rule:" + rule->plan->name;
        out.payload = alarms::to_json(alarm);
        out.content_type = "application/json";
        out.event_ms = alarm.cleared_ms.value_or(alarm.raised_ms);
        unstored->batch.messages.push_back(std::move(out));
        unstored->batch.state_changes.push_back(alarms::state_change(alarm));
    }
    unstored->alarms = std::move(emitted.alarms);
    unstored->batch.state_changes.push_back(
        {log::Keyspace::rules, state_key(rule->id, partition), encode()});
}

} // namespace holdfast::rules
