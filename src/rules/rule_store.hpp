#pragma once

#include "rules/rule.hpp"
#include "rules/rule_run.hpp"

#include <holdfast/log/log.hpp>
#include <holdfast/rules/keyspace.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::rules {

// Rules as they stand in kKeyspace (docs/format/rule_state.md). One thread at a time; BLOCKS.
// The log outlives it.
class RuleStore {
public:
    using Streams = std::vector<std::shared_ptr<const log::Stream>>;

    explicit RuleStore(log::Log& log) : log_(log) {}

    // All of them. A damaged one is named in a log line and left out: it stays stored until a rule
    // of its name is made. not_supported (stored by another version), io.
    [[nodiscard]] Result<std::vector<std::shared_ptr<Rule>>> load();
    // An id that no rule ever had.
    [[nodiscard]] std::uint64_t next_id() const noexcept { return next_id_; }

    // The stream, where it is not there yet.
    [[nodiscard]] Result<void> make_stream(std::string_view name);
    // The definition of a new rule, and a checkpoint at the end of every partition of its sources.
    [[nodiscard]] Result<std::vector<log::StateChange>> start(Rule& rule, const Streams& streams,
                                                              const EngineSettings& settings);
    // After start() was stored.
    void started(const Rule& rule) { next_id_ = rule.id + 1; }
    // Everything of the rule.
    [[nodiscard]] std::vector<log::StateChange> removal(const Rule& rule) const;
    [[nodiscard]] Result<void> store_status(const Rule& rule, RuleStatus status);
    // Where the run stood; a partition without a checkpoint is younger than its rule and read from
    // the start. corrupt, not_supported, io.
    [[nodiscard]] Result<void> restore(RuleRun& run) const;

private:
    log::Log& log_;
    std::uint64_t next_id_ = 1;
};

} // namespace holdfast::rules
