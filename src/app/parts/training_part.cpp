#include "app/parts/training_part.hpp"

#include <holdfast/base/log_line.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::int64_t kReadingMsMax = 24LL * 3'600'000;

} // namespace

// With the rights of who promoted each, as rules and models have those of their makers.
Result<void> TrainingPart::start_predictions() {
    makers_ = std::make_unique<const MakerRights>(identity_.authenticator());
    rights_version_ = identity_.authenticator().version();
    models::Predictions::Parts parts{log_.log(),       consumers_.consumers(), broker_.broker(),
                                     alarms_.alarms(), ground_.clock,          *versions_};
    parts.refusal_of = [makers = makers_.get()](const auto& made_by, const auto& source) {
        return makers->refusal_of_model(made_by, source);
    };
    predictions_ = std::make_unique<models::Predictions>(std::move(parts));
    HF_TRY(predictions_->start());
    ground_.housekeeping.add("rights of trained models", std::chrono::seconds(1),
                             [this]() -> Result<void> {
                                 follow_rights();
                                 return ok();
                             });
    return ok();
}

// Whoever changed them.
void TrainingPart::follow_rights() {
    const std::uint64_t version = identity_.authenticator().version();
    if (!predictions_ || std::exchange(rights_version_, version) == version) return;
    if (const auto followed = predictions_->follow_rights(); !followed)
        log_error("models", "a trained model cannot follow rights: {}", followed.error().context);
}

Result<void> TrainingPart::start() {
    const config::TrainingConfig& training = ground_.config.training;
    const auto directory = ground_.config.data_dir / "trained";
    versions_ = std::make_unique<pipeline::VersionStore>(
        pipeline::VersionStoreSettings{.directory = directory, .versions_max = training.versions});
    HF_TRY(versions_->load());
    HF_TRY(start_predictions());
    query::EngineSettings settings;
    settings.threads = 0; // whoever asks works himself
    // While rows are read half of what a training may hold is not in use yet.
    settings.memory_bytes_max = training.memory_bytes / 4;
    settings.timeout_ms_max = kReadingMsMax;
    broker::Broker& broker = broker_.broker();
    query::Engine::Parts parts{log_.log(), ground_.clock,
                               [&broker](std::string_view) { return broker.bridge().streams(); }};
    parts.history = history_.store();
    engine_ = std::make_unique<query::Engine>(settings, std::move(parts));
    source_ = std::make_unique<query::PipelineSource>(*engine_, log_.log());
    trainings_ = std::make_unique<pipeline::TrainingService>(
        pipeline::TrainingSettings{.directory = directory, .memory_bytes = training.memory_bytes},
        pipeline::TrainingService::Parts{*versions_, ground_.memory, ground_.metrics,
                                         ground_.clock});
    return ok();
}

} // namespace holdfast::app
