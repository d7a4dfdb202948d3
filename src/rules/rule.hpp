#pragma once

#include "rules/path_watch.hpp"

#include <holdfast/rules/engine.hpp>
#include <holdfast/rules/keyspace.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::rules {

// A rule as the engine knows it; shared by its runs on all partitions.
struct Rule {
    std::uint64_t id = 0; // never reused: state of a replaced rule is never mistaken for its own
    std::int64_t created_ms = 0;
    std::string made_by; // empty: the operator
    std::shared_ptr<const sql::RulePlan> plan;

    mutable std::mutex mutex;
    RuleStatus status = RuleStatus::running; // guarded by mutex
    RuleCounts counts;                       // guarded by mutex
    std::string last_error;                  // guarded by mutex
    std::string refusal;                     // guarded by mutex: what its maker may not do
    std::map<PartitionId, Offset> positions; // guarded by mutex: next offset of each run
    std::optional<PathWatch> paths;          // guarded by mutex; from the first record on
    std::atomic<bool> watches_paths{true};   // false: every path was seen, nothing is left to do

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
    // It runs unless somebody has paused it, it has failed, or its maker may not have it.
    [[nodiscard]] bool is_at_work() const {
        const std::lock_guard lock(mutex);
        return status == RuleStatus::running && refusal.empty();
    }
    // Gives whether that is another than before.
    bool set_refusal(std::string why);
    // All but its lag.
    [[nodiscard]] RuleInfo info() const;
    void add(const RuleCounts& more, const std::string& error);
    // Records of the source, the fields of the plan in columns.
    void watch_paths(const column::Frame& input);
    void stands_at(PartitionId partition, Offset next);
    void fail_with(const std::string& error);
};

// Whether what it names as filter and topic are that. malformed.
[[nodiscard]] Result<void> check_topics(const sql::RulePlan& plan);

// Keys and values in kKeyspace (docs/format/rule_state.md).
[[nodiscard]] std::string definition_key(std::string_view name);
[[nodiscard]] std::string state_prefix(std::uint64_t rule_id);
[[nodiscard]] std::string state_key(std::uint64_t rule_id, PartitionId partition);
// `kind` and `number` as in RuleRunner::Page.
[[nodiscard]] std::string page_key(std::string_view state_key, char kind, std::uint32_t number);
// The other way: what follows the state's key. Nothing where it names no page.
[[nodiscard]] std::optional<std::pair<char, std::uint32_t>> page_of(std::string_view rest);
[[nodiscard]] std::string encode_definition(const Rule& rule, RuleStatus status);
[[nodiscard]] Result<std::shared_ptr<Rule>> decode_definition(std::string_view value);

} // namespace holdfast::rules
