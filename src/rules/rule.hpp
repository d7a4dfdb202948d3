#pragma once

#include <holdfast/rules/engine.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace holdfast::rules {

// A rule as the engine knows it; shared by its runs on all partitions.
struct Rule {
    std::uint64_t id = 0; // never reused: state of a replaced rule is never mistaken for its own
    std::int64_t created_ms = 0;
    std::shared_ptr<const sql::RulePlan> plan;

    mutable std::mutex mutex;
    RuleStatus status = RuleStatus::running; // guarded by mutex
    RuleCounts counts;                       // guarded by mutex
    std::string last_error;                  // guarded by mutex
    std::map<PartitionId, Offset> positions; // guarded by mutex: next offset of each run

    // The same numbers for /metrics; the registry outlives the rule.
    struct Counters {
        Counter* records_in = nullptr;
        Counter* rows_out = nullptr;
        Counter* late = nullptr;
        Counter* mismatches = nullptr;
        Counter* errors = nullptr;
    };
    Counters counters{};
    void count_in(Metrics& metrics);

    [[nodiscard]] RuleStatus status_now() const {
        const std::lock_guard lock(mutex);
        return status;
    }
    void add(const RuleCounts& more, const std::string& error);
    void stands_at(PartitionId partition, Offset next);
    void fail_with(const std::string& error);
};

// Keys and values in Keyspace::rules (docs/format/rule_state.md).
[[nodiscard]] std::string definition_key(std::string_view name);
[[nodiscard]] std::string state_prefix(std::uint64_t rule_id);
[[nodiscard]] std::string state_key(std::uint64_t rule_id, PartitionId partition);
[[nodiscard]] std::string encode_definition(const Rule& rule, RuleStatus status);
[[nodiscard]] Result<std::shared_ptr<Rule>> decode_definition(std::string_view value);

} // namespace holdfast::rules
