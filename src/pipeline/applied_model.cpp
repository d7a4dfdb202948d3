#include <holdfast/pipeline/applied_model.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

namespace holdfast::pipeline {
namespace {

struct AsPredictor {
    template <typename T>
    std::optional<ml::Predictor> operator()(T&& fitted) const {
        if constexpr (std::is_constructible_v<ml::Predictor, T&&>)
            return ml::Predictor(std::forward<T>(fitted));
        else
            return std::nullopt;
    }
};

std::string needs_of(const Plan& plan, const std::vector<ml::FeatureSpec>& features) {
    if (plan.cleansing.step_ms != 0) return "the samples of a step: cleanse.step";
    for (const ml::FeatureSpec& spec : features) {
        const auto named = [&](std::string_view what) {
            const auto at = std::ranges::find(plan.features, spec);
            return at == plan.features.end()
                       ? std::string(what)
                       : fmt::format("{}: {}", what,
                                     plan.feature_names[static_cast<std::size_t>(
                                         at - plan.features.begin())]);
        };
        switch (spec.kind) {
            case ml::FeatureKind::value:
            case ml::FeatureKind::ratio:
            case ml::FeatureKind::product: continue;
            case ml::FeatureKind::hour:
            case ml::FeatureKind::weekday: return named("the event time");
            default: return named("the samples before");
        }
    }
    return {};
}

// Features that look at the same samples share a window; extremes keep places beside values.
std::size_t device_bytes_of(const std::vector<ml::FeatureSpec>& features, std::size_t signals) {
    constexpr std::size_t kOfSample = 24;
    constexpr std::size_t kOfWindow = 256;
    std::set<std::pair<std::uint32_t, std::uint32_t>> windows;
    for (const ml::FeatureSpec& spec : features) {
        const bool is_before =
            spec.kind == ml::FeatureKind::lag || spec.kind == ml::FeatureKind::difference;
        if (spec.samples != 0) windows.emplace(spec.signal, spec.samples + (is_before ? 1 : 0));
    }
    std::size_t bytes = 1024 + 64 * signals + 16 * features.size();
    for (const auto& [signal, samples] : windows) bytes += kOfWindow + kOfSample * samples;
    return bytes;
}

} // namespace

AppliedModel::AppliedModel(Plan plan, ml::FeatureStream features,
                           std::optional<ml::Preparation> preparation, ml::Predictor predictor,
                           std::string needs, std::size_t device_bytes)
    : plan_(std::move(plan)),
      features_(std::move(features)),
      preparation_(std::move(preparation)),
      predictor_(std::move(predictor)),
      needs_(std::move(needs)),
      device_bytes_(device_bytes) {}

Result<AppliedModel> AppliedModel::make(ml::TrainedModel model) {
    const auto named = [&model](Errc code, std::string_view why) {
        return fail(code, fmt::format("model '{}': {}", model.name, why));
    };
    auto file = config::parse_pipeline(model.pipeline, "pipeline");
    if (!file) return named(Errc::malformed, file.error().context);
    auto plan = check_stored_pipeline(std::move(file).value());
    if (!plan) return named(Errc::malformed, plan.error().context);
    if (plan.value().file.signals != model.signals)
        return named(Errc::malformed, "its pipeline names other signals");
    auto features = ml::FeatureStream::make(model.features, model.signals.size());
    if (!features) return named(Errc::malformed, features.error().context);
    std::optional<ml::Predictor> predictor = std::visit(AsPredictor{}, std::move(model.model));
    if (!predictor) return named(Errc::not_supported, "its method predicts nothing");
    std::string needs = needs_of(plan.value(), model.features);
    const std::size_t device_bytes = device_bytes_of(model.features, model.signals.size());
    return AppliedModel(std::move(plan).value(), std::move(features).value(),
                        std::move(model.preparation), std::move(*predictor), std::move(needs),
                        device_bytes);
}

double AppliedModel::predict(std::span<double> features) const {
    if (preparation_) preparation_->apply(features);
    return ml::predict(predictor_, features);
}

DeviceModel::DeviceModel(const AppliedModel& model)
    : model_(model),
      cleansing_(model.cleansing()),
      features_(model.features()),
      cleansed_(features_.signals()),
      row_(features_.features()) {}

std::optional<DeviceModel::Prediction> DeviceModel::update(std::int64_t event_ms,
                                                           std::span<const double> sample) {
    const auto time = cleansing_.update(event_ms, sample, cleansed_);
    if (!time) return std::nullopt;
    features_.update(*time, cleansed_, row_);
    return Prediction{*time, model_.predict(row_)};
}

void DeviceModel::save(Bytes& out) const {
    cleansing_.save(out);
    features_.save(out);
}

Result<void> DeviceModel::restore(ByteReader& reader) {
    HF_TRY(cleansing_.restore(reader));
    return features_.restore(reader.rest());
}

} // namespace holdfast::pipeline
