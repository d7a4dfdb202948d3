#pragma once

#include "models/alarm_clearing.hpp"
#include "models/partition_task.hpp"
#include "models/primer.hpp"

#include <holdfast/models/engine.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::models {

// engine.cpp makes, lists and removes models, engine_tasks.cpp sets them going on their streams.
class Engine::Impl {
public:
    Impl(EngineSettings settings, Parts parts)
        : settings_(settings),
          parts_(std::move(parts)),
          primer_(parts_.history, parts_.log, parts_.clock, parts_.metrics,
                  [this](Priming& done, Result<PrimedPartitions> primed) {
                      go_live(done, std::move(primed));
                  }),
          refused_(parts_.metrics.counter("holdfast_models_refused",
                                          "Models paused for a right that their maker lost")) {}

    Result<void> start();
    void stop();
    Result<ModelInfo> create(std::string_view text, std::string_view origin, bool replace,
                             std::string made_by);
    Result<void> load_file(std::string_view text, std::string_view origin);
    Result<void> remove(std::string_view name);
    Result<void> refresh();
    Result<void> follow_rights();
    std::optional<ModelInfo> find(std::string_view name) const;
    std::vector<ModelInfo> list() const;

private:
    struct Model {
        std::shared_ptr<const ModelSpec> spec;
        std::string text;
        std::string made_by;
        std::string refusal; // what its maker may not do: it reads nothing
        std::shared_ptr<ModelStatus> status = std::make_shared<ModelStatus>();
        std::vector<std::shared_ptr<PartitionTask>> tasks;
        std::shared_ptr<Priming> priming; // under way, before there are tasks
        bool is_set_aside = false;        // its stored offset is damaged: it reads nothing
    };
    Result<ModelInfo> put(std::string_view text, std::string_view origin, bool replace,
                          std::string made_by);
    Result<void> make_operators(const std::string& name, Model& model);
    bool ask_rights(Model& model);
    template <typename Wanted>
    Result<void> follow_streams(Wanted is_wanted); // of all models; defined where it is used
    Result<void> follow_stream(Model& model);
    Result<void> take_up(const std::string& name, const std::string& text);
    Result<void> add_tasks(Model& model, const std::shared_ptr<const log::Stream>& stream);
    Result<void> add_task(Model& model, const std::shared_ptr<const log::Stream>& stream,
                          PartitionIndex index, std::optional<PrimedPartition> primed);
    Result<std::map<PartitionIndex, Offset>> to_prime(const Model& model,
                                                      const log::Stream& stream) const;
    void go_live(Priming& done, Result<PrimedPartitions> primed);
    Result<void> add_primed_tasks(Model& model, const Priming& done, PrimedPartitions primed);
    Result<void> store(std::vector<log::StateChange> changes, std::string_view of) {
        return write_without_alarms(of, std::move(changes), parts_.publisher, parts_.alarms,
                                    parts_.clock);
    }
    Result<std::vector<log::StateChange>> erasures(std::string_view name) const;
    void drop_tasks(Model& model);
    void go_on(Model& model);
    ModelInfo info_of(const Model& model) const;
    void count(const std::string& name, const std::shared_ptr<ModelStatus>& status);

    const EngineSettings settings_;
    Parts parts_;
    Primer primer_;
    Counter& refused_;
    mutable std::mutex mutex_;
    std::map<std::string, Model, std::less<>> models_; // guarded by mutex_
};

} // namespace holdfast::models
