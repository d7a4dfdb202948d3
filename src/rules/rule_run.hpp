#pragma once

#include "rules/rule.hpp"
#include "rules/rule_runner.hpp"

#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/log.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::rules {

// A rule on one partition: its runner, how far it has come, and what it has still to store.
struct RuleRun {
    struct Leaving final : sql::Interrupt {
        explicit Leaving(std::stop_token of_all) : stop(std::move(of_all)) {}
        [[nodiscard]] bool is_due() const override { return is_told || stop.stop_requested(); }
        std::stop_token stop;
        std::atomic<bool> is_told{false};
    };

    RuleRun(std::shared_ptr<Rule> of, PartitionId at, const EngineSettings& limits,
            std::stop_token stop = {})
        : rule(std::move(of)), partition(at), leaving(std::move(stop)), runner(rule->plan, limits) {
        runner.interrupt_by(&leaving);
    }
    RuleRun(const RuleRun&) = delete;
    RuleRun& operator=(const RuleRun&) = delete;

    // The rule is about to be taken off the partition, so it ends in the middle of a batch, of
    // which nothing is stored: it was never there. Any thread.
    void leave() noexcept { leaving.is_told = true; }

    std::shared_ptr<Rule> rule;
    PartitionId partition;
    Leaving leaving;
    RuleRunner runner;
    Offset next_offset = 0;             // all below is in the runner's state
    Offset stored_offset = 0;           // where to read again while `unstored` waits
    std::size_t unstored_records = 0;   // since the last checkpoint
    std::vector<std::size_t> columns{}; // plan field i -> column of the shared decoding

    // Outputs and state that are on their way into the log or could not be stored yet.
    struct Unstored {
        broker::PublishBatch batch;
        std::vector<alarms::Alarm> alarms;
        std::vector<Offset> origins; // of the first messages; the others are the alarms' records
    };
    std::shared_ptr<Unstored> unstored{};

    // The checkpoint: its head, and the pages that have changed since it was last asked for.
    [[nodiscard]] std::vector<log::StateChange> take_checkpoint();
    // From the head and every page, by what follows the head's key. corrupt, not_supported; the run
    // is of no use then.
    [[nodiscard]] Result<void> restore(
        std::string_view head, const std::vector<std::pair<std::string, std::string>>& pages);
    // Moves what the runner emitted into `unstored`, with the checkpoint, where there is
    // something or `checkpoint_records` have passed.
    void gather(std::size_t checkpoint_records);
};

} // namespace holdfast::rules
