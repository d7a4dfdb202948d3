#include "rules/rule_store.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/rules/keyspace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::rules {

Result<std::vector<std::shared_ptr<Rule>>> RuleStore::load() {
    std::vector<std::shared_ptr<Rule>> rules;
    std::optional<Error> unknown; // of another version: better no start than half the rules
    HF_TRY(log_.scan_state(kKeyspace, "rule/", [&](std::string_view key, std::string_view value) {
        auto rule = decode_definition(value);
        if (rule && definition_key(rule.value()->plan->name) == key) {
            next_id_ = std::max(next_id_, rule.value()->id + 1);
            rules.push_back(std::move(rule).value());
            return true;
        }
        const std::string why = rule ? "it has another rule's name" : rule.error().context;
        if (!rule && rule.error().code == Errc::not_supported) {
            unknown = fail(Errc::not_supported, fmt::format("stored {}: {}", key, why));
            return false;
        }
        log_error("rules", "stored {} is damaged and set aside: {}", key, why);
        return true;
    }));
    if (unknown) return *unknown;
    HF_TRY(auto stored, log_.state(kKeyspace, "next_id"));
    if (stored && stored->size() == 8)
        next_id_ = std::max(next_id_, load_u64_be(as_bytes(*stored).data()));
    return rules;
}

Result<void> RuleStore::make_stream(std::string_view name) {
    if (log_.find_stream(name) != nullptr) return ok();
    log::StreamSettings settings;
    settings.name = name;
    const auto made = log_.create_stream(settings);
    if (!made && made.error().code != Errc::already_exists) return made.error();
    return ok();
}

Result<std::vector<log::StateChange>> RuleStore::start(Rule& rule, const Streams& streams,
                                                       const EngineSettings& settings) {
    // Ids are not reused; but where the stored next one was damaged, state may lie under this.
    std::vector<log::StateChange> changes = removal(rule);
    changes.push_back(
        {kKeyspace, definition_key(rule.plan->name), encode_definition(rule, RuleStatus::running)});
    std::string next_id(8, '\0');
    store_u64_be(reinterpret_cast<std::byte*>(next_id.data()), rule.id + 1);
    changes.push_back({kKeyspace, "next_id", next_id});
    const std::shared_ptr<Rule> unowned(&rule, [](Rule*) {});
    for (const auto& stream : streams)
        for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
            RuleRun run(unowned, {stream->id, index}, settings);
            HF_TRY(const auto bounds, log_.bounds(run.partition));
            run.next_offset = bounds.high_watermark;
            for (auto& change : run.take_checkpoint()) changes.push_back(std::move(change));
        }
    return changes;
}

std::vector<log::StateChange> RuleStore::removal(const Rule& rule) const {
    std::vector<log::StateChange> changes;
    changes.push_back({kKeyspace, definition_key(rule.plan->name), std::nullopt});
    const auto scanned = log_.scan_state(
        kKeyspace, state_prefix(rule.id), [&](std::string_view key, std::string_view) {
            changes.push_back({kKeyspace, std::string(key), std::nullopt});
            return true;
        });
    // Left-over state is harmless, because ids are not reused: say so and go on.
    if (!scanned) log_warn("rules", "state of {}: {}", rule.plan->name, scanned.error().context);
    return changes;
}

Result<void> RuleStore::store_status(const Rule& rule, RuleStatus status) {
    return log::StateWrite::write(
        log_, {{kKeyspace, definition_key(rule.plan->name), encode_definition(rule, status)}});
}

Result<void> RuleStore::restore(RuleRun& run) const {
    const std::string key = state_key(run.rule->id, run.partition);
    HF_TRY(const auto head, log_.state(kKeyspace, key));
    if (!head) {
        HF_TRY(const auto bounds, log_.bounds(run.partition));
        run.next_offset = bounds.log_start_offset;
        return ok();
    }
    std::vector<std::pair<std::string, std::string>> pages;
    HF_TRY(
        log_.scan_state(kKeyspace, key + "/", [&](std::string_view page, std::string_view value) {
            pages.emplace_back(page.substr(key.size()), value);
            return true;
        }));
    return run.restore(*head, pages);
}

} // namespace holdfast::rules
