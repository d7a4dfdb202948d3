#pragma once

#include <holdfast/ml/features/feature_stream.hpp>
#include <holdfast/ml/training/algorithm.hpp>
#include <holdfast/ml/training/model_file.hpp>
#include <holdfast/pipeline/plan.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::pipeline {

// A trained model ready to be asked: shared by all devices that it is applied to. Immutable: any
// thread may use it.
class AppliedModel {
public:
    // malformed, with the model's name: its pipeline does not read, or names other signals;
    // not_supported: of a method that predicts nothing.
    [[nodiscard]] static Result<AppliedModel> make(ml::TrainedModel model);

    [[nodiscard]] const config::PipelineFile& pipeline() const noexcept { return plan_.file; }
    [[nodiscard]] const CleansingSettings& cleansing() const noexcept { return plan_.cleansing; }
    // Nothing seen yet.
    [[nodiscard]] const ml::FeatureStream& features() const noexcept { return features_; }
    // What it needs beside one sample, for people: "the samples before: mean(heat, 5)". Empty:
    // nothing.
    [[nodiscard]] const std::string& needs() const noexcept { return needs_; }
    // What a device takes at most, about: its windows when they are full.
    [[nodiscard]] std::size_t device_bytes() const noexcept { return device_bytes_; }
    // Of a value for each feature, which are prepared in place. NaN where a method cannot tell.
    [[nodiscard]] double predict(std::span<double> features) const;

private:
    AppliedModel(Plan plan, ml::FeatureStream features, std::optional<ml::Preparation> preparation,
                 ml::Predictor predictor, std::string needs, std::size_t device_bytes);

    Plan plan_;
    ml::FeatureStream features_;
    std::optional<ml::Preparation> preparation_;
    ml::Predictor predictor_;
    std::string needs_;
    std::size_t device_bytes_;
};

// One device: samples in order of event time go in, predictions come out, bit for bit those that
// the model's training saw of the same samples. Bounded by the features' windows. No clock. One
// thread.
class DeviceModel {
public:
    // `model` outlives it and stays where it is.
    explicit DeviceModel(const AppliedModel& model);

    struct Prediction {
        std::int64_t event_ms = 0;
        double value = 0.0; // NaN: cannot be told
    };
    // `sample` has a value for each signal: asserted. Nothing where cleansing gives no sample.
    [[nodiscard]] std::optional<Prediction> update(std::int64_t event_ms,
                                                   std::span<const double> sample);

    // What was seen: docs/format/features.md.
    void save(Bytes& out) const;
    // corrupt: not what save() wrote with the same model; then it is not to be used any more.
    [[nodiscard]] Result<void> restore(ByteReader& reader);

private:
    const AppliedModel& model_;
    Cleansing cleansing_;
    ml::FeatureStream features_;
    std::vector<double> cleansed_;
    std::vector<double> row_;
};

} // namespace holdfast::pipeline
