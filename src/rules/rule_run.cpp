#include "rules/rule_run.hpp"

#include <holdfast/rules/keyspace.hpp>

#include "rules/alarm_record.hpp"

#include <fmt/format.h>

namespace holdfast::rules {
namespace {

constexpr std::uint8_t kVersion = 2;

} // namespace

std::vector<log::StateChange> RuleRun::take_checkpoint() {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.varlong(next_offset);
    runner.encode_head(out);
    const std::string key = state_key(rule->id, partition);
    std::vector<log::StateChange> changes;
    changes.push_back({kKeyspace, key, std::string(as_text(bytes))});
    for (auto& page : runner.take_changed_pages())
        changes.push_back(
            {kKeyspace, page_key(key, page.kind, page.number), std::move(page.value)});
    return changes;
}

Result<void> RuleRun::restore(std::string_view head,
                              const std::vector<std::pair<std::string, std::string>>& pages) {
    ByteReader in(as_bytes(head));
    const auto read = [&]() -> Result<void> {
        HF_TRY(const auto version, in.u8());
        if (version != kVersion)
            return fail(Errc::not_supported, fmt::format("rule state of version {}", version));
        HF_TRY(next_offset, in.varlong());
        HF_TRY(runner.decode_head(in));
        for (const auto& [rest, value] : pages) {
            const auto page = page_of(rest);
            if (!page) return fail(Errc::corrupt, "rule state: a key that is none");
            HF_TRY(runner.decode_page(page->first, page->second, value));
        }
        runner.decoded();
        return ok();
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
    // One output that can never be stored must not hold up the others, nor the rule.
    unstored->batch.passes_over = true;
    unstored->batch.messages = std::move(emitted.messages);
    unstored->origins = std::move(emitted.origins);
    for (const auto& alarm : emitted.alarms) add_alarm(unstored->batch, alarm);
    unstored->alarms = std::move(emitted.alarms);
    for (auto& change : take_checkpoint())
        unstored->batch.state_changes.push_back(std::move(change));
}

} // namespace holdfast::rules
