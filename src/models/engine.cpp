#include "models/engine_impl.hpp"
#include "models/state_keys.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/models/keyspace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::models {

Result<void> Engine::Impl::start() {
    const std::lock_guard lock(mutex_);
    if (!parts_.log.find_stream(alarms::kAlarmStream)) {
        log::StreamSettings settings;
        settings.name = alarms::kAlarmStream;
        HF_TRY(parts_.log.create_stream(std::move(settings)));
    }
    std::vector<std::pair<std::string, std::string>> stored;
    HF_TRY(parts_.log.scan_state(kKeyspace, "", [&](std::string_view key, std::string_view value) {
        const std::size_t nul = key.find('\0');
        if (nul != std::string_view::npos && key.substr(nul) == std::string_view("\0t", 2))
            stored.emplace_back(key.substr(0, nul), value);
        return true;
    }));
    for (const auto& [name, text] : stored) {
        const auto taken = take_up(name, text);
        if (taken) continue;
        if (taken.error().code != Errc::corrupt) return taken.error();
        // It stays stored until a model of its name is made or removed.
        log_error("models", "model '{}' is damaged and set aside: {}", name, taken.error().context);
    }
    return ok();
}

// A stored model goes on where its checkpoints stand.
Result<void> Engine::Impl::take_up(const std::string& name, const std::string& text) {
    auto spec = parse_model(text, "stored model " + name);
    if (!spec) return fail(Errc::corrupt, spec.error().context);
    if (spec.value().name != name)
        return fail(Errc::corrupt, "it is the text of model '" + spec.value().name + "'");
    Model model;
    model.spec = std::make_shared<const ModelSpec>(std::move(spec).value());
    model.text = text;
    HF_TRY(auto made_by, parts_.log.state(kKeyspace, maker_key(name)));
    model.made_by = std::move(made_by).value_or("");
    (void)ask_rights(model);
    const auto stream = parts_.log.find_stream(model.spec->source);
    if (stream) {
        const auto added = add_tasks(model, stream);
        if (!added && added.error().code != Errc::corrupt) return added.error();
        if (!added) {
            drop_tasks(model);
            model.is_set_aside = true;
            model.status->add({}, added.error().context + ": replace the model to start it anew");
            log_error("models", "{}; the model is set aside", added.error().context);
        }
    } else {
        model.status->add({}, "stream '" + model.spec->source + "' is gone");
    }
    count(name, model.status);
    models_.insert_or_assign(name, std::move(model));
    return ok();
}

void Engine::Impl::stop() {
    primer_.stop(); // which takes the lock when it has done one
    const std::lock_guard lock(mutex_);
    for (auto& [name, model] : models_) drop_tasks(model);
}

Result<std::vector<log::StateChange>> Engine::Impl::erasures(std::string_view name) const {
    std::vector<log::StateChange> out;
    HF_TRY(parts_.log.scan_state(kKeyspace, std::string(name) + '\0',
                                 [&](std::string_view key, std::string_view) {
                                     out.push_back({kKeyspace, std::string(key), {}});
                                     return true;
                                 }));
    return out;
}

Result<ModelInfo> Engine::Impl::put(std::string_view text, std::string_view origin, bool replace,
                                    std::string made_by) {
    HF_TRY(ModelSpec spec, parse_model(text, origin));
    const auto stream = parts_.log.find_stream(spec.source);
    if (!stream)
        return fail(Errc::not_found,
                    fmt::format("{}: source: there is no stream '{}'", origin, spec.source));
    const auto known = models_.find(spec.name);
    if (known != models_.end() && !replace)
        return fail(Errc::already_exists, "model '" + spec.name + "' exists");
    if (known == models_.end() && models_.size() >= settings_.models_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("there are {} models already", settings_.models_max));

    Model model;
    model.spec = std::make_shared<const ModelSpec>(std::move(spec));
    model.text = text;
    model.made_by = std::move(made_by);
    (void)ask_rights(model);
    const std::string name = model.spec->name;
    const auto put_back =
        [&](Error why) -> Error { // a replacement that fails leaves the old at work
        if (known != models_.end()) go_on(known->second);
        return why;
    };
    if (known != models_.end()) drop_tasks(known->second);
    auto erased = erasures(name);
    if (!erased) return put_back(std::move(erased).error());
    std::vector<log::StateChange> changes = std::move(erased).value();
    changes.push_back({kKeyspace, text_key(name), model.text});
    if (!model.made_by.empty()) changes.push_back({kKeyspace, maker_key(name), model.made_by});
    for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
        auto bounds = parts_.log.bounds({stream->id, index});
        if (!bounds) return put_back(std::move(bounds).error());
        const PartitionId partition{stream->id, index};
        changes.push_back(
            {kKeyspace,
             model.spec->prime_ms != 0 ? priming_key(name, partition) : offset_key(name, partition),
             encode_offset(bounds.value().high_watermark)});
    }
    if (auto stored = store(std::move(changes), name); !stored)
        return put_back(std::move(stored).error());
    const auto added = add_tasks(model, stream);
    if (!added) { // it is the model from now on, as stored: it stands, and tries again
        drop_tasks(model);
        model.status->add({}, added.error().context);
    }
    count(name, model.status);
    const auto placed = models_.insert_or_assign(name, std::move(model)).first;
    if (!added) return added.error();
    log_info("models", "model '{}' ({}) reads stream '{}'", name,
             to_string(placed->second.spec->kind), placed->second.spec->source);
    return info_of(placed->second);
}

Result<ModelInfo> Engine::Impl::create(std::string_view text, std::string_view origin, bool replace,
                                       std::string made_by) {
    const std::lock_guard lock(mutex_);
    return put(text, origin, replace, std::move(made_by));
}

Result<void> Engine::Impl::load_file(std::string_view text, std::string_view origin) {
    const std::lock_guard lock(mutex_);
    HF_TRY(const ModelSpec spec, parse_model(text, origin));
    const auto known = models_.find(spec.name);
    if (known != models_.end() && known->second.text == text)
        return make_operators(known->first, known->second);
    HF_TRY(put(text, origin, true, {}));
    return ok();
}

// The model of a file that somebody had made before.
Result<void> Engine::Impl::make_operators(const std::string& name, Model& model) {
    if (model.made_by.empty()) return ok();
    HF_TRY(log::StateWrite::write(parts_.log, {{kKeyspace, maker_key(name), std::nullopt}}));
    model.made_by.clear();
    (void)ask_rights(model);
    return follow_stream(model);
}

Result<void> Engine::Impl::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto known = models_.find(name);
    if (known == models_.end())
        return fail(Errc::not_found, "there is no model '" + std::string(name) + "'");
    drop_tasks(known->second);
    const auto removed = [&]() -> Result<void> {
        HF_TRY(std::vector<log::StateChange> changes, erasures(name));
        return store(std::move(changes), name);
    }();
    if (removed)
        models_.erase(known);
    else
        go_on(known->second);
    return removed;
}

// One that could not be replaced or removed, as on a full disk, works as before.
void Engine::Impl::go_on(Model& model) {
    if (model.is_set_aside || !model.tasks.empty()) return;
    const auto stream = parts_.log.find_stream(model.spec->source);
    if (!stream) return;
    if (const auto again = add_tasks(model, stream); !again)
        model.status->add({}, again.error().context);
}

ModelInfo Engine::Impl::info_of(const Model& model) const {
    ModelInfo info;
    info.spec = *model.spec;
    info.text = model.text;
    info.made_by = model.made_by;
    info.reason = model.refusal;
    info.counts = model.status->counts();
    info.last_error = model.status->last_error();
    if (model.priming) {
        info.priming = {model.priming->devices, model.priming->devices_done};
        info.counts.primed = model.priming->samples;
    }
    for (const auto& task : model.tasks) {
        info.devices += task->device_count();
        if (task->is_priming() && !info.priming) info.priming.emplace();
        if (const auto bounds = parts_.log.bounds(task->partition()))
            info.lag += std::max<std::int64_t>(0, bounds.value().high_watermark - task->position());
    }
    return info;
}

std::optional<ModelInfo> Engine::Impl::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto known = models_.find(name);
    if (known == models_.end()) return std::nullopt;
    return info_of(known->second);
}

std::vector<ModelInfo> Engine::Impl::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<ModelInfo> out;
    for (const auto& [name, model] : models_) out.push_back(info_of(model));
    return out;
}

void Engine::Impl::count(const std::string& name, const std::shared_ptr<ModelStatus>& status) {
    const std::string label = fmt::format("model=\"{}\"", name);
    parts_.metrics.gauge(
        "holdfast_model_samples", "Samples scored by a model.",
        [status] { return static_cast<double>(status->counts().scored); }, label);
    parts_.metrics.gauge(
        "holdfast_model_skipped", "Messages that a model could not score.",
        [status] { return static_cast<double>(status->counts().skipped); }, label);
}

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
Result<ModelInfo> Engine::create(std::string_view text, std::string_view origin, bool replace,
                                 std::string made_by) {
    return impl_->create(text, origin, replace, std::move(made_by));
}
Result<void> Engine::load_file(std::string_view text, std::string_view origin) {
    return impl_->load_file(text, origin);
}
Result<void> Engine::remove(std::string_view name) {
    return impl_->remove(name);
}
Result<void> Engine::follow_rights() {
    return impl_->follow_rights();
}
Result<void> Engine::refresh() {
    return impl_->refresh();
}
std::optional<ModelInfo> Engine::find(std::string_view name) const {
    return impl_->find(name);
}
std::vector<ModelInfo> Engine::list() const {
    return impl_->list();
}
} // namespace holdfast::models
