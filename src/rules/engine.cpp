#include <holdfast/rules/engine.hpp>

#include "rules/alarm_clearing.hpp"
#include "rules/partition_task.hpp"
#include "rules/rule.hpp"
#include "rules/rule_store.hpp"
#include "rules/tick_writer.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <stop_token>
#include <unordered_map>

namespace holdfast::rules {

// Operations are serialised by one mutex; tasks run beside it and are taken out of the pool while
// their rules change.
class Engine::Impl {
public:
    Impl(EngineSettings settings, Parts parts)
        : settings_(settings),
          parts_(std::move(parts)),
          refused_(parts_.metrics.counter("holdfast_rules_refused",
                                          "Rules paused for a right that their maker lost")) {}

    Result<void> start() {
        const std::lock_guard lock(mutex_);
        HF_TRY(store_.make_stream(alarms::kAlarmStream));
        HF_TRY(auto stored, store_.load());
        for (auto& rule : stored) rules_.insert_or_assign(rule->plan->name, std::move(rule));
        for (const auto& [name, rule] : rules_) {
            (void)ask_rights(*rule);
            HF_TRY(attach(rule));
        }
        return ok();
    }

    Result<void> follow_rights() {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, rule] : rules_) {
            const bool was_at_work = rule->is_at_work();
            if (!ask_rights(*rule) || rule->is_at_work() == was_at_work) continue;
            if (was_at_work) detach(*rule);
            HF_TRY(attach(rule));
        }
        return ok();
    }

    // First of all: who holds the mutex may wait for a step that takes long.
    void stop() {
        stop_.request_stop();
        const std::lock_guard lock(mutex_);
        for (const auto& [id, task] : tasks_) parts_.pool.remove(*task);
        tasks_.clear();
    }

    Result<RuleInfo> create(sql::RulePlan plan, std::string made_by) {
        const std::lock_guard lock(mutex_);
        return create_locked(std::move(plan), std::move(made_by));
    }

    Result<void> load_file(std::string_view text, std::string_view origin) {
        auto statements = sql::parse_rules(text);
        if (!statements) return in_file(origin, statements.error());
        for (auto& statement : statements.value()) {
            auto plan = sql::bind_rule(std::move(statement));
            if (!plan) return in_file(origin, plan.error());
            const std::lock_guard lock(mutex_);
            const auto found = rules_.find(plan.value().name);
            if (found != rules_.end() && found->second->plan->text == plan.value().text) {
                HF_TRY(make_operators(found->second));
                continue;
            }
            plan.value().or_replace = true;
            auto made = create_locked(std::move(plan).value(), {});
            if (!made) return in_file(origin, made.error());
        }
        return ok();
    }

    Result<void> remove(std::string_view name) {
        const std::lock_guard lock(mutex_);
        HF_TRY(const auto rule, find_rule(name));
        detach(*rule);
        HF_TRY(write_without_alarms_of(*rule, store_.removal(*rule)));
        rules_.erase(std::string(name));
        return ok();
    }

    void write_ticks() {
        const std::lock_guard lock(mutex_);
        std::vector<std::shared_ptr<PartitionTask>> tasks;
        for (const auto& [id, task] : tasks_) tasks.push_back(task);
        const auto written =
            ticks_.write(tasks, parts_.clock.now_ms(), parts_.clock.monotonic_ms());
        // Alarms and windows that wait for time alone come late: worth a line.
        if (!written) log_warn("rules", "a tick is not stored: {}", written.error().context);
    }

    Result<RuleInfo> pause(std::string_view name) {
        const std::lock_guard lock(mutex_);
        HF_TRY(const auto rule, find_rule(name));
        if (rule->status_now() == RuleStatus::running) {
            HF_TRY(set_status(*rule, RuleStatus::paused));
            detach(*rule);
        }
        return info(*rule);
    }

    Result<RuleInfo> resume(std::string_view name) {
        const std::lock_guard lock(mutex_);
        HF_TRY(const auto rule, find_rule(name));
        if (rule->status_now() != RuleStatus::running) {
            detach(*rule); // a failed one still hangs on its tasks
            HF_TRY(set_status(*rule, RuleStatus::running));
            HF_TRY(attach(rule));
        }
        return info(*rule);
    }

    Result<void> refresh() {
        const std::lock_guard lock(mutex_);
        for (auto at = tasks_.begin(); at != tasks_.end();) {
            const bool is_gone = parts_.log.find_stream(at->first.stream) == nullptr;
            if (is_gone) parts_.pool.remove(*at->second);
            at = is_gone ? tasks_.erase(at) : std::next(at);
        }
        for (const auto& [name, rule] : rules_) {
            HF_TRY(attach(rule));
        }
        return ok();
    }

    std::optional<RuleInfo> find(std::string_view name) const {
        const std::lock_guard lock(mutex_);
        const auto found = rules_.find(name);
        if (found == rules_.end()) return std::nullopt;
        return info(*found->second);
    }
    std::vector<RuleInfo> list() const {
        const std::lock_guard lock(mutex_);
        std::vector<RuleInfo> out;
        for (const auto& [name, rule] : rules_) out.push_back(info(*rule));
        return out;
    }

private:
    static Error in_file(std::string_view origin, const Error& why) {
        return fail(why.code, fmt::format("{}: {}", origin, why.context));
    }

    Result<std::shared_ptr<Rule>> find_rule(std::string_view name) const {
        const auto found = rules_.find(name);
        if (found == rules_.end())
            return fail(Errc::not_found, fmt::format("there is no rule '{}'", name));
        return found->second;
    }

    // Existing streams that the rule reads.
    Result<std::vector<std::shared_ptr<const log::Stream>>> sources(const sql::RulePlan& plan) {
        std::vector<std::shared_ptr<const log::Stream>> streams;
        if (!plan.from_filter()) {
            auto stream = parts_.log.find_stream(plan.source().name);
            if (stream == nullptr)
                return fail(Errc::not_found,
                            fmt::format("there is no stream '{}'", plan.source().name));
            streams.push_back(std::move(stream));
            return streams;
        }
        for (const std::string& name : parts_.streams_of(plan.source().name))
            if (auto stream = parts_.log.find_stream(name)) streams.push_back(std::move(stream));
        return streams;
    }

    // The rule of a file that somebody had made before.
    Result<void> make_operators(const std::shared_ptr<Rule>& rule) {
        if (rule->made_by.empty()) return ok();
        rule->made_by.clear();
        HF_TRY(store_.store_status(*rule, rule->status_now()));
        (void)ask_rights(*rule);
        return attach(rule);
    }

    Result<RuleInfo> create_locked(sql::RulePlan plan, std::string made_by) {
        const auto before = rules_.find(plan.name);
        if (before != rules_.end() && !plan.or_replace)
            return fail(Errc::already_exists,
                        fmt::format("rule '{}' exists; say CREATE OR REPLACE RULE", plan.name));
        if (before == rules_.end() && rules_.size() >= settings_.rules_max)
            return fail(Errc::limit_exceeded,
                        fmt::format("there are {} rules already", rules_.size()));
        HF_TRY(check_topics(plan));
        HF_TRY(const auto streams, sources(plan));
        for (const auto& action : plan.actions)
            if (!action.is_publish) {
                HF_TRY(store_.make_stream(action.stream));
            }
        auto rule = std::make_shared<Rule>();
        rule->id = store_.next_id();
        rule->created_ms = parts_.clock.now_ms();
        rule->made_by = std::move(made_by);
        rule->plan = std::make_shared<const sql::RulePlan>(std::move(plan));
        (void)ask_rights(*rule);
        HF_TRY(auto changes, store_.start(*rule, streams, settings_));
        if (before != rules_.end()) {
            detach(*before->second);
            // The old rule's state goes first: the new definition has the same key.
            auto all = store_.removal(*before->second);
            std::move(changes.begin(), changes.end(), std::back_inserter(all));
            HF_TRY(write_without_alarms_of(*before->second, std::move(all)));
        } else {
            HF_TRY(log::StateWrite::write(parts_.log, std::move(changes)));
        }
        store_.started(*rule);
        rules_.insert_or_assign(rule->plan->name, rule);
        HF_TRY(attach(rule));
        return info(*rule);
    }

    Result<void> write_without_alarms_of(const Rule& rule, std::vector<log::StateChange> changes) {
        return write_without_alarms(rule.plan->name, std::move(changes), parts_.log,
                                    parts_.publisher, parts_.alarms, parts_.clock);
    }

    Result<void> set_status(Rule& rule, RuleStatus status) {
        HF_TRY(store_.store_status(rule, status));
        const std::lock_guard lock(rule.mutex);
        rule.status = status;
        if (status == RuleStatus::running) rule.last_error.clear();
        return ok();
    }

    // Puts a rule that is at work on every partition of its sources where it is not yet, at its
    // checkpoint. Where that is damaged the rule fails, by name, and the others go on.
    Result<void> attach(const std::shared_ptr<Rule>& rule) {
        if (!rule->is_at_work()) return ok();
        auto streams = sources(*rule->plan);
        if (!streams) {
            rule->fail_with(streams.error().context);
            return ok();
        }
        for (const auto& stream : streams.value())
            for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
                const auto attached = attach(rule, stream, index);
                if (!attached && attached.error().code != Errc::corrupt) return attached.error();
                if (!attached) {
                    detach(*rule);
                    rule->fail_with("its stored state is damaged; replace it to start anew: " +
                                    attached.error().context);
                    log_error("rules", "{}; the rule is set aside", attached.error().context);
                    return ok();
                }
            }
        return ok();
    }
    Result<void> attach(const std::shared_ptr<Rule>& rule,
                        const std::shared_ptr<const log::Stream>& stream, PartitionIndex index) {
        const PartitionId id{stream->id, index};
        const auto known = tasks_.find(id);
        if (known != tasks_.end()) {
            const auto& runs = known->second->runs();
            if (std::any_of(runs.begin(), runs.end(),
                            [&](const auto& run) { return run->rule == rule; }))
                return ok();
        }
        if (rule->counters.records_in == nullptr) rule->count_in(parts_.metrics);
        auto run = std::make_shared<RuleRun>(rule, id, settings_, stop_.get_token());
        HF_TRY(store_.restore(*run));
        rule->stands_at(id, run->next_offset);
        auto& task = tasks_[id];
        if (task == nullptr) {
            task = std::make_shared<PartitionTask>(stream, index, parts_.publisher, parts_.alarms,
                                                   settings_, stop_.get_token());
        } else {
            parts_.pool.remove(*task);
        }
        task->runs().push_back(std::move(run));
        task->rebuild_decoder();
        parts_.pool.add(task);
        return ok();
    }

    // Takes the rule off all tasks; returns when none works for it any more. What it is at in the
    // middle of a batch it ends at once, however slow its expressions are.
    void detach(const Rule& rule) {
        for (const auto& [id, task] : tasks_)
            for (const auto& run : task->runs())
                if (run->rule.get() == &rule) run->leave();
        for (auto at = tasks_.begin(); at != tasks_.end();) {
            PartitionTask& task = *at->second;
            const auto of_rule = [&](const auto& run) { return run->rule.get() == &rule; };
            if (std::none_of(task.runs().begin(), task.runs().end(), of_rule)) {
                ++at;
                continue;
            }
            parts_.pool.remove(task);
            std::erase_if(task.runs(), of_rule);
            if (task.runs().empty()) {
                at = tasks_.erase(at);
                continue;
            }
            task.rebuild_decoder();
            parts_.pool.add(at->second);
            ++at;
        }
    }

    RuleInfo info(const Rule& rule) const {
        RuleInfo out = rule.info();
        const std::lock_guard lock(rule.mutex);
        for (const auto& [partition, next] : rule.positions)
            if (const auto bounds = parts_.log.bounds(partition))
                out.lag += std::max<Offset>(0, bounds.value().high_watermark - next);
        return out;
    }

    // Whether it may have become another. A line where it has.
    bool ask_rights(Rule& rule) {
        std::string why;
        if (parts_.refusal_of && !rule.made_by.empty())
            why = parts_.refusal_of(rule.made_by, rule.plan->text);
        if (!rule.set_refusal(why)) return false;
        if (why.empty())
            log_info("rules", "rule '{}' goes on: its maker may have it again", rule.plan->name);
        else
            log_warn("rules", "rule '{}' is paused: {}", rule.plan->name, why);
        if (!why.empty()) refused_.add();
        return true;
    }

    const EngineSettings settings_;
    Parts parts_;
    Counter& refused_;
    std::stop_source stop_;
    mutable std::mutex mutex_;
    // all guarded by mutex_
    std::map<std::string, std::shared_ptr<Rule>, std::less<>> rules_;
    std::unordered_map<PartitionId, std::shared_ptr<PartitionTask>> tasks_;
    RuleStore store_{parts_.log};
    TickWriter ticks_{parts_.log};
};

Engine::Engine(EngineSettings settings, Parts parts)
    : impl_(std::make_unique<Impl>(settings, std::move(parts))) {}
Engine::~Engine() {
    stop();
}
Result<void> Engine::start() {
    return impl_->start();
}
void Engine::stop() {
    impl_->stop();
}
Result<RuleInfo> Engine::create(std::string_view sql, bool replace, std::string made_by) {
    HF_TRY(auto plan, sql::plan_rule(sql));
    plan.or_replace |= replace;
    return impl_->create(std::move(plan), std::move(made_by));
}
Result<void> Engine::load_file(std::string_view text, std::string_view origin) {
    return impl_->load_file(text, origin);
}
Result<void> Engine::remove(std::string_view name) {
    return impl_->remove(name);
}
Result<RuleInfo> Engine::pause(std::string_view name) {
    return impl_->pause(name);
}
Result<RuleInfo> Engine::resume(std::string_view name) {
    return impl_->resume(name);
}
std::optional<RuleInfo> Engine::find(std::string_view name) const {
    return impl_->find(name);
}
std::vector<RuleInfo> Engine::list() const {
    return impl_->list();
}
void Engine::write_ticks() {
    impl_->write_ticks();
}
Result<void> Engine::follow_rights() {
    return impl_->follow_rights();
}
Result<void> Engine::refresh() {
    return impl_->refresh();
}

} // namespace holdfast::rules
