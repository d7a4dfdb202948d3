#include <holdfast/models/predictions.hpp>

#include "models/alarm_clearing.hpp"
#include "models/partition_task.hpp"
#include "models/prediction_scorer.hpp"
#include "models/state_keys.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/models/keyspace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace holdfast::models {
namespace {

// No model of a file or of REST has a colon in its name, so state and alarms are never another's.
constexpr std::string_view kPrefix = "trained:";

std::string source_of(std::string_view name) {
    return std::string(kPrefix) + std::string(name);
}

// The version that the stored offsets and device states are of.
std::string version_key(std::string_view source) {
    return std::string(source) + '\0' + 'v';
}

} // namespace

class Predictions::Impl {
public:
    explicit Impl(Parts parts) : parts_(std::move(parts)) {}

    Result<void> start() {
        const std::lock_guard lock(mutex_);
        is_stopped_ = false;
        std::set<std::string, std::less<>> names;
        HF_TRY(parts_.log.scan_state(
            kKeyspace, std::string(kPrefix), [&](std::string_view key, std::string_view) {
                const auto end = key.find('\0');
                names.emplace(key.substr(kPrefix.size(), end - kPrefix.size()));
                return true;
            }));
        for (const auto& model : parts_.versions.list())
            if (model.promoted) names.insert(model.name);
        for (const std::string& name : names) {
            const auto followed = resume(name);
            if (followed) continue;
            if (followed.error().code != Errc::corrupt) return followed;
            log_error("models", "model '{}' predicts nothing: {}", name, followed.error().context);
        }
        return ok();
    }

    void stop() {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
        for (auto& [name, model] : running_) drop_tasks(model);
    }

    Result<void> follow(std::string_view name, const std::string& promoted_by) {
        const std::lock_guard lock(mutex_);
        return follow_locked(std::string(name), promoted_by);
    }

    Result<void> refresh() {
        const std::lock_guard lock(mutex_);
        return follow_streams([](Running&) { return true; });
    }

    Result<void> follow_rights() {
        const std::lock_guard lock(mutex_);
        return follow_streams([this](Running& model) { return ask_rights(model); });
    }

    std::optional<PredictionsInfo> find(std::string_view name) const {
        const std::lock_guard lock(mutex_);
        const auto found = running_.find(name);
        if (found == running_.end()) return std::nullopt;
        const Running& model = found->second;
        PredictionsInfo out;
        out.model = name;
        out.version = model.version;
        out.stream = model.spec->source;
        out.promoted_by = model.promoted_by;
        out.reason = model.refusal;
        out.counts = model.status->counts();
        out.last_error = model.status->last_error();
        for (const auto& task : model.tasks) {
            out.devices += task->device_count();
            if (const auto bounds = parts_.log.bounds(task->partition()))
                out.lag +=
                    std::max<std::int64_t>(0, bounds.value().high_watermark - task->position());
        }
        for (const auto& newest : model.newest) newest->add_to(out.newest);
        return out;
    }

    std::vector<std::string> readers_of(std::string_view stream) const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        for (const auto& [name, model] : running_)
            if (model.spec->source == stream) out.push_back(name);
        return out;
    }

private:
    struct Running {
        std::uint64_t version = 0;
        std::string promoted_by; // empty: the operator
        std::string refusal;     // what its promoter may not do: it reads nothing
        std::shared_ptr<const pipeline::AppliedModel> applied;
        std::shared_ptr<const ModelSpec> spec; // what a task has to know of it
        std::shared_ptr<ModelStatus> status = std::make_shared<ModelStatus>();
        std::vector<std::shared_ptr<PartitionTask>> tasks;
        std::vector<std::shared_ptr<NewestPredictions>> newest; // of the tasks
    };
    using Runnings = std::map<std::string, Running, std::less<>>;

    void drop_tasks(Running& model) {
        for (const auto& task : model.tasks) parts_.pool.remove(*task);
        model.tasks.clear();
        model.newest.clear();
    }

    // As source_sql() has it: the record's own, or what the pipeline says instead.
    static std::string device_path(const config::PipelineFile& pipeline) {
        return pipeline.device == "device" ? std::string() : pipeline.device;
    }

    static std::shared_ptr<const ModelSpec> spec_of(const std::string& name,
                                                    const config::PipelineFile& pipeline) {
        auto spec = std::make_shared<ModelSpec>();
        spec->name = source_of(name);
        spec->source = pipeline.source.stream;
        spec->fields = pipeline.signals;
        if (pipeline.time != "ts") spec->time = pipeline.time;
        return spec;
    }

    // Whether it may have become another. A line where it has.
    bool ask_rights(Running& model) {
        std::string why;
        if (parts_.refusal_of && !model.promoted_by.empty())
            why = parts_.refusal_of(model.promoted_by, model.spec->source);
        if (why == model.refusal) return false;
        model.refusal = std::move(why);
        if (model.refusal.empty())
            log_info("models", "'{}' goes on: its maker may have it again", model.spec->name);
        else
            log_warn("models", "'{}' is paused: {}", model.spec->name, model.refusal);
        return true;
    }

    // Of all that are wanted; one that fails says so and keeps no other from it. The first error.
    template <typename Wanted>
    Result<void> follow_streams(Wanted is_wanted) {
        Result<void> first = ok();
        for (auto& [name, model] : running_) {
            if (!is_wanted(model)) continue;
            auto followed = follow_stream(model);
            if (followed) continue;
            model.status->add({}, followed.error().context);
            if (first) first = std::move(followed);
        }
        return first;
    }

    Result<void> follow_stream(Running& model) {
        if (is_stopped_) return ok();
        const auto stream = parts_.log.find_stream(model.spec->source);
        const bool is_other = !model.tasks.empty() &&
                              (!stream || model.tasks.front()->partition().stream != stream->id);
        if (is_other || !model.refusal.empty()) drop_tasks(model);
        if (!model.refusal.empty()) return ok();
        if (stream) return add_tasks(model, stream);
        model.status->add({}, "there is no stream '" + model.spec->source + "'");
        return ok();
    }

    // Another user's now, with all that it has learnt.
    Result<void> hand_over(Running& model, const std::string& promoted_by) {
        if (model.promoted_by == promoted_by) return ok();
        HF_TRY(log::StateWrite::write(
            parts_.log, {{kKeyspace, maker_key(model.spec->name), stored_maker(promoted_by)}}));
        model.promoted_by = promoted_by;
        (void)ask_rights(model);
        return follow_stream(model);
    }

    static std::optional<std::string> stored_maker(const std::string& promoted_by) {
        return promoted_by.empty() ? std::nullopt : std::optional(promoted_by);
    }

    // As it was when the process ended: the version that the state is of, with the rights of who
    // promoted it. Where these are not known nothing runs, so that nobody's rights become the
    // operator's, and what was learnt waits.
    Result<void> resume(const std::string& name) {
        if (!parts_.versions.has_promotions(name)) return follow_locked(name, {}); // clears it
        const auto promoted = parts_.versions.promoted(name);
        if (promoted.model == nullptr) return ok(); // damaged: the store has said so
        const std::string source = source_of(name);
        HF_TRY(const auto version, parts_.log.state(kKeyspace, version_key(source)));
        HF_TRY(const auto maker, parts_.log.state(kKeyspace, maker_key(source)));
        const bool has_stream = !promoted.model->pipeline().source.stream.empty();
        const bool is_known =
            version && decode_offset(*version) == static_cast<Offset>(promoted.number);
        if (!has_stream || is_known) return follow_locked(name, maker.value_or(""));
        log_error("models",
                  "version {} of model '{}' predicts nothing: who promoted it is not known, as "
                  "where the server ended meanwhile; promote it again",
                  promoted.number, name);
        return ok();
    }

    Result<void> follow_locked(const std::string& name, const std::string& promoted_by) {
        auto promoted = parts_.versions.promoted(name);
        const bool has_stream =
            promoted.model != nullptr && !promoted.model->pipeline().source.stream.empty();
        const auto running = running_.find(name);
        if (running != running_.end() && has_stream && running->second.version == promoted.number)
            return hand_over(running->second, promoted_by);
        HF_TRY(const auto stored, parts_.log.state(kKeyspace, version_key(source_of(name))));
        if (running != running_.end()) drop_tasks(running->second);
        const bool goes_on =
            has_stream && stored && decode_offset(*stored) == static_cast<Offset>(promoted.number);
        if (!goes_on) {
            const auto begun = begin_anew(name, has_stream ? &promoted : nullptr, promoted_by);
            if (!begun) return not_begun(running, has_stream, begun.error());
        }
        if (running != running_.end()) running_.erase(running);
        if (!has_stream) return ok();
        Running model;
        model.version = promoted.number;
        model.spec = spec_of(name, promoted.model->pipeline());
        model.applied = std::move(promoted.model);
        HF_TRY(const auto maker, parts_.log.state(kKeyspace, maker_key(model.spec->name)));
        model.promoted_by = maker.value_or("");
        (void)ask_rights(model);
        if (const auto followed = follow_stream(model); !followed) {
            drop_tasks(model); // of partitions before the one that failed: the pool has them
            return followed;
        }
        log_info("models", "version {} of model '{}' predicts on stream '{}'", model.version, name,
                 model.spec->source);
        auto& placed = running_.insert_or_assign(name, std::move(model)).first->second;
        return hand_over(placed, promoted_by);
    }

    // Where the next cannot be stored, as on a full disk, the one before goes on, if any; where all
    // versions went it does not.
    Error not_begun(Runnings::iterator before, bool has_next, Error why) {
        if (before == running_.end()) return why;
        if (!has_next)
            running_.erase(before);
        else if (const auto again = follow_stream(before->second); !again)
            before->second.status->add({}, again.error().context);
        return why;
    }

    // All stored state goes, and alarms with it; the new version, if any, stands at the end of its
    // stream: in one write.
    Result<void> begin_anew(const std::string& name,
                            const pipeline::VersionStore::Promoted* promoted,
                            const std::string& promoted_by) {
        const std::string source = source_of(name);
        std::vector<log::StateChange> changes;
        HF_TRY(parts_.log.scan_state(kKeyspace, source + '\0',
                                     [&](std::string_view key, std::string_view) {
                                         changes.push_back({kKeyspace, std::string(key), {}});
                                         return true;
                                     }));
        if (promoted != nullptr) {
            changes.push_back({kKeyspace, version_key(source),
                               encode_offset(static_cast<Offset>(promoted->number))});
            changes.push_back({kKeyspace, maker_key(source), stored_maker(promoted_by)});
            const auto stream = parts_.log.find_stream(promoted->model->pipeline().source.stream);
            const PartitionIndex partitions = stream ? stream->settings.partitions : 0;
            for (PartitionIndex index = 0; index < partitions; ++index) {
                HF_TRY(const auto bounds, parts_.log.bounds({stream->id, index}));
                changes.push_back({kKeyspace, offset_key(source, {stream->id, index}),
                                   encode_offset(bounds.high_watermark)});
            }
        }
        if (changes.empty()) return ok();
        return write_without_alarms(source, std::move(changes), parts_.publisher, parts_.alarms,
                                    parts_.clock);
    }

    Result<void> add_tasks(Running& model, const std::shared_ptr<const log::Stream>& stream) {
        for (auto index = static_cast<PartitionIndex>(model.tasks.size());
             index < stream->settings.partitions; ++index) {
            HF_TRY(add_task(model, stream, index));
        }
        return ok();
    }

    Result<void> add_task(Running& model, const std::shared_ptr<const log::Stream>& stream,
                          PartitionIndex index) {
        const PartitionId partition{stream->id, index};
        const std::string& source = model.spec->name;
        HF_TRY(const auto saved, parts_.log.state(kKeyspace, offset_key(source, partition)));
        HF_TRY(const auto bounds, parts_.log.bounds(partition));
        // A partition without an offset is younger than the model and read from its start.
        const auto offset = saved ? decode_offset(*saved) : bounds.log_start_offset;
        if (!offset)
            return fail(Errc::corrupt, fmt::format("the stored offset of '{}' in {}/{} is damaged",
                                                   source, stream->settings.name, index));
        auto newest = std::make_shared<NewestPredictions>();
        auto scorer =
            std::make_unique<PredictionScorer>(source, model.applied, model.version, newest);
        auto task = std::make_shared<PartitionTask>(
            PartitionTask::Parts{model.spec,
                                 stream,
                                 index,
                                 parts_.publisher,
                                 parts_.alarms,
                                 model.status,
                                 parts_.checkpoint_records,
                                 std::move(scorer),
                                 {},
                                 device_path(model.applied->pipeline())},
            *offset);
        const std::string prefix = device_prefix(source, partition);
        HF_TRY(parts_.log.scan_state(
            kKeyspace, prefix, [&](std::string_view key, std::string_view value) {
                const auto restored = task->restore(key.substr(prefix.size()), as_bytes(value));
                if (!restored) {
                    log_warn("models", "{}", restored.error().context);
                    model.status->add({}, restored.error().context);
                }
                return true;
            }));
        parts_.pool.add(task);
        model.tasks.push_back(std::move(task));
        model.newest.push_back(std::move(newest));
        return ok();
    }

    const Parts parts_;
    mutable std::mutex mutex_;
    Runnings running_;        // guarded by mutex_
    bool is_stopped_ = false; // guarded by mutex_
};

Predictions::Predictions(Parts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
Predictions::~Predictions() {
    stop();
}

Result<void> Predictions::start() {
    return impl_->start();
}
void Predictions::stop() {
    impl_->stop();
}
Result<void> Predictions::follow(std::string_view name, const std::string& promoted_by) {
    return impl_->follow(name, promoted_by);
}
Result<void> Predictions::follow_rights() {
    return impl_->follow_rights();
}
Result<void> Predictions::refresh() {
    return impl_->refresh();
}
std::optional<PredictionsInfo> Predictions::find(std::string_view name) const {
    return impl_->find(name);
}
std::vector<std::string> Predictions::readers_of(std::string_view stream) const {
    return impl_->readers_of(stream);
}

} // namespace holdfast::models
