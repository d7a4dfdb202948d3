#include "models/engine_impl.hpp"
#include "models/state_keys.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/models/keyspace.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::models {

Result<void> Engine::Impl::add_tasks(Model& model,
                                     const std::shared_ptr<const log::Stream>& stream) {
    if (!model.refusal.empty() || model.priming) return ok();
    HF_TRY(auto partitions, to_prime(model, *stream));
    if (!partitions.empty() && model.tasks.empty()) {
        model.priming = std::make_shared<Priming>();
        model.priming->spec = model.spec;
        model.priming->stream = stream;
        model.priming->partitions = std::move(partitions);
        primer_.begin(model.priming);
        return ok();
    }
    for (auto index = static_cast<PartitionIndex>(model.tasks.size());
         index < stream->settings.partitions; ++index) {
        HF_TRY(add_task(model, stream, index, {}));
    }
    return ok();
}

// Partitions that the model is to be primed for before it is live, with where it goes on if it
// cannot be.
Result<std::map<PartitionIndex, Offset>> Engine::Impl::to_prime(const Model& model,
                                                                const log::Stream& stream) const {
    std::map<PartitionIndex, Offset> out;
    if (model.spec->prime_ms == 0) return out;
    for (PartitionIndex index = 0; index < stream.settings.partitions; ++index) {
        const auto key = priming_key(model.spec->name, {stream.id, index});
        HF_TRY(const auto stored, parts_.log.state(kKeyspace, key));
        HF_TRY(const auto saved,
               parts_.log.state(kKeyspace, offset_key(model.spec->name, {stream.id, index})));
        if (!stored || saved) continue;
        const auto offset = decode_offset(*stored);
        if (!offset)
            return fail(Errc::corrupt, fmt::format("the stored start of model '{}' in {}/{} is "
                                                   "damaged",
                                                   model.spec->name, stream.settings.name, index));
        out.emplace(index, *offset);
    }
    return out;
}

Result<void> Engine::Impl::add_task(Model& model, const std::shared_ptr<const log::Stream>& stream,
                                    PartitionIndex index, std::optional<PrimedPartition> primed) {
    const PartitionId partition{stream->id, index};
    HF_TRY(const auto saved, parts_.log.state(kKeyspace, offset_key(model.spec->name, partition)));
    HF_TRY(const auto bounds, parts_.log.bounds(partition));
    HF_TRY(const auto unprimed,
           parts_.log.state(kKeyspace, priming_key(model.spec->name, partition)));
    // A partition without an offset is younger than the model and read from its start.
    const auto offset = primed     ? primed->from
                        : saved    ? decode_offset(*saved)
                        : unprimed ? decode_offset(*unprimed)
                                   : bounds.log_start_offset;
    if (!offset)
        return fail(Errc::corrupt,
                    fmt::format("the stored offset of model '{}' in {}/{} is damaged",
                                model.spec->name, stream->settings.name, index));
    auto task = std::make_shared<PartitionTask>(
        PartitionTask::Parts{model.spec, stream, index, parts_.publisher, parts_.alarms,
                             model.status, settings_.checkpoint_records, nullptr,
                             std::move(primed)},
        *offset);
    const std::string prefix = device_prefix(model.spec->name, partition);
    HF_TRY(
        parts_.log.scan_state(kKeyspace, prefix, [&](std::string_view key, std::string_view value) {
            const auto restored = task->restore(key.substr(prefix.size()), as_bytes(value));
            if (!restored) { // that device learns anew; the others and the start go on
                log_warn("models", "{}", restored.error().context);
                model.status->add({}, restored.error().context);
            }
            return true;
        }));
    HF_TRY(log::StateWrite::write(parts_.log, task->first_states()));
    parts_.pool.add(task);
    model.tasks.push_back(std::move(task));
    return ok();
}

// On the primer's thread. Who has been removed, replaced or paused meanwhile does not want it.
void Engine::Impl::go_live(Priming& done, Result<PrimedPartitions> primed) {
    const std::lock_guard lock(mutex_);
    const auto known = models_.find(done.spec->name);
    if (known == models_.end() || known->second.priming.get() != &done) return;
    Model& model = known->second;
    model.priming.reset();
    model.status->add({.primed = done.samples});
    PrimedPartitions partitions;
    if (primed) {
        partitions = std::move(primed).value();
        log_info("models", "model '{}' was primed with {} stored samples", done.spec->name,
                 done.samples.load());
    } else {
        const std::string why = "it could not be primed: " + primed.error().context;
        log_warn("models", "model '{}': {}", done.spec->name, why);
        model.status->add({}, why);
        for (const auto& [index, offset] : done.partitions)
            partitions[index] = {std::make_unique<Scorer>(*done.spec), offset, offset, {}, {}};
    }
    const auto added = add_primed_tasks(model, done, std::move(partitions));
    if (!added) {
        log_error("models", "model '{}': {}", done.spec->name, added.error().context);
        model.status->add({}, added.error().context);
    }
}

Result<void> Engine::Impl::add_primed_tasks(Model& model, const Priming& done,
                                            PrimedPartitions primed) {
    for (PartitionIndex index = 0; index < done.stream->settings.partitions; ++index) {
        const auto found = primed.find(index);
        std::optional<PrimedPartition> of_it;
        if (found != primed.end()) of_it = std::move(found->second);
        HF_TRY(add_task(model, done.stream, index, std::move(of_it)));
    }
    return follow_stream(model); // what became of the stream meanwhile
}

Result<void> Engine::Impl::refresh() {
    const std::lock_guard lock(mutex_);
    return follow_streams([](Model&) { return true; });
}

// One that fails says so and keeps no other from it. The first error.
template <typename Wanted>
Result<void> Engine::Impl::follow_streams(Wanted is_wanted) {
    Result<void> first = ok();
    for (auto& [name, model] : models_) {
        if (!is_wanted(model)) continue;
        auto followed = follow_stream(model);
        if (followed) continue;
        model.status->add({}, followed.error().context);
        if (first) first = std::move(followed);
    }
    return first;
}

Result<void> Engine::Impl::follow_stream(Model& model) {
    if (model.is_set_aside) return ok();
    const auto stream = parts_.log.find_stream(model.spec->source);
    const bool was_primed_for_other =
        model.priming && (!stream || model.priming->stream->id != stream->id);
    const bool is_other = was_primed_for_other ||
                          (!model.tasks.empty() &&
                           (!stream || model.tasks.front()->partition().stream != stream->id));
    if (is_other) {
        drop_tasks(model);
        model.status->add({}, "stream '" + model.spec->source + "' is gone");
    } else if (stream) {
        HF_TRY(add_tasks(model, stream));
    }
    return ok();
}

Result<void> Engine::Impl::follow_rights() {
    const std::lock_guard lock(mutex_);
    return follow_streams([this](Model& model) {
        if (!ask_rights(model)) return false;
        if (!model.refusal.empty()) drop_tasks(model);
        return true;
    });
}

// Whether it may have become another. A line where it has.
bool Engine::Impl::ask_rights(Model& model) {
    std::string why;
    if (parts_.refusal_of && !model.made_by.empty())
        why = parts_.refusal_of(model.made_by, model.spec->source);
    if (why == model.refusal) return false;
    model.refusal = std::move(why);
    if (model.refusal.empty())
        log_info("models", "model '{}' goes on: its maker may have it again", model.spec->name);
    else
        log_warn("models", "model '{}' is paused: {}", model.spec->name, model.refusal);
    if (!model.refusal.empty()) refused_.add();
    return true;
}

void Engine::Impl::drop_tasks(Model& model) {
    if (model.priming) model.priming->stop.request_stop();
    model.priming.reset();
    for (const auto& task : model.tasks) parts_.pool.remove(*task);
    model.tasks.clear();
}

} // namespace holdfast::models
