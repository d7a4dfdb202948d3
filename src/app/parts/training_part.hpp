#pragma once

#include "app/ground.hpp"
#include "app/maker_rights.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/history_part.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/models/predictions.hpp>
#include <holdfast/pipeline/training_service.hpp>
#include <holdfast/pipeline/version_store.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/query/pipeline_source.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::app {

// Training of models, the versions that it made, and those in use at their work.
class TrainingPart final : public Part {
public:
    TrainingPart(Ground& ground, const IdentityPart& identity, const LogPart& log,
                 const BrokerPart& broker, AlarmsPart& alarms, const ConsumersPart& consumers,
                 const HistoryPart& history)
        : ground_(ground),
          identity_(identity),
          log_(log),
          broker_(broker),
          alarms_(alarms),
          consumers_(consumers),
          history_(history) {}

    Result<void> start() override;
    void reload() override { follow_rights(); } // identity_ comes before
    void stop() override {
        if (trainings_) trainings_->stop();
        if (predictions_) predictions_->stop(); // waits for the step under way
    }
    // All of them from start() on, until the part is destroyed.
    [[nodiscard]] pipeline::VersionStore& versions() const noexcept { return *versions_; }
    [[nodiscard]] pipeline::TrainingService& trainings() const noexcept { return *trainings_; }
    [[nodiscard]] models::Predictions& predictions() const noexcept { return *predictions_; }
    [[nodiscard]] const query::PipelineSource& source() const noexcept { return *source_; }
    [[nodiscard]] const MakerRights& makers() const noexcept { return *makers_; }

private:
    Result<void> start_predictions();
    void follow_rights();

    Ground& ground_;
    const IdentityPart& identity_;
    const LogPart& log_;
    const BrokerPart& broker_;
    AlarmsPart& alarms_;
    const ConsumersPart& consumers_;
    const HistoryPart& history_;
    std::unique_ptr<pipeline::VersionStore> versions_;
    std::unique_ptr<const MakerRights> makers_;
    std::uint64_t rights_version_ = 0; // that predictions_ follow
    std::unique_ptr<models::Predictions> predictions_;
    std::unique_ptr<query::Engine> engine_; // works on the training's thread
    std::unique_ptr<query::PipelineSource> source_;
    std::unique_ptr<pipeline::TrainingService> trainings_; // destroyed first
};

} // namespace holdfast::app
