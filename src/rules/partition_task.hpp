#pragma once

#include "rules/rule_run.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/payload_columns.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::rules {

// Reads one partition and runs all rules on it: each record is decoded once for all of them.
//
// The engine changes runs() only while the task is out of the pool. Publisher, registry and
// engine settings outlive it. Once `stop` is requested it ends in the middle of a batch, as after a
// crash: nothing of that batch is stored, here or later, and a new start reads it again.
class PartitionTask final : public log::Consumer {
public:
    PartitionTask(std::shared_ptr<const log::Stream> stream, PartitionIndex index,
                  broker::Publisher& publisher, alarms::Registry& alarms,
                  const EngineSettings& settings, std::stop_token stop)
        : stream_(std::move(stream)),
          partition_{stream_->id, index},
          publisher_(publisher),
          alarms_(alarms),
          settings_(settings),
          stop_(std::move(stop)),
          decoder_({}) {}

    [[nodiscard]] PartitionId partition() const override { return partition_; }
    [[nodiscard]] Offset position() const override;
    void step(const log::Fetched& fetched, Done done) override;
    void skipped_to(Offset resume, const Error& why) override;

    [[nodiscard]] std::vector<std::shared_ptr<RuleRun>>& runs() noexcept { return runs_; }
    // After runs() changed: the union of the fields that the rules need, and what they wait for.
    void rebuild_decoder();

    // Of ticks; any thread. Whether a rule here waits for a record that arrives at `now_ms`, or for
    // time that was told wrong, and the last tick has been read.
    [[nodiscard]] bool wants_tick(std::int64_t now_ms) const noexcept {
        const std::int64_t now_us = now_ms * 1000;
        const bool is_wrong = latest_us_.load() > now_us + ArrivalClock::kJumpUs;
        return !has_tick_out_.load() && (due_us_.load() <= now_us || is_wrong);
    }
    [[nodiscard]] Offset read_to() const noexcept { return read_to_.load(); }
    void tick_is_out() noexcept { has_tick_out_ = true; }
    void tick_is_lost() noexcept { has_tick_out_ = false; }

private:
    struct Storing; // one step's batches on their way

    void process(const log::Fetched& fetched);
    void collect(const record::RecordView& record);
    void flush();
    void run_rule(RuleRun& run, std::size_t from, std::size_t count);
    [[nodiscard]] static bool takes_part(const RuleRun& run);
    [[nodiscard]] bool takes(const RuleRun& run, const record::MessageView& message) const;
    void note_due();
    void store(Done done);
    void bad_batch(const Error& why, Offset at);
    void note_refused(RuleRun& run, const std::vector<broker::Placed>& placed);

    std::shared_ptr<const log::Stream> stream_;
    PartitionId partition_;
    broker::Publisher& publisher_;
    alarms::Registry& alarms_;
    const EngineSettings& settings_;
    const std::stop_token stop_;
    bool is_abandoned_ = false; // stopped in a batch: some states are ahead of their offsets
    std::vector<std::shared_ptr<RuleRun>> runs_;
    Offset idle_position_ = 0;                    // where the task stands while no rule runs
    std::atomic<std::int64_t> due_us_{INT64_MAX}; // an arrival time
    std::atomic<std::int64_t> latest_us_{0};      // the arrival time that was told; 0: nobody waits
    std::atomic<Offset> read_to_{-1};
    std::atomic<bool> has_tick_out_{false}; // written, not met yet
    record::PayloadColumns decoder_;
    std::vector<record::BatchView> batches_; // what messages_ borrow from
    std::vector<record::MessageView> messages_;
};

} // namespace holdfast::rules
