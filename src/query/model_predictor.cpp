#include <holdfast/query/model_predictor.hpp>

#include <holdfast/pipeline/version_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace holdfast::query {
namespace {

class RowPredictor final : public sql::Predictor {
public:
    explicit RowPredictor(std::shared_ptr<const pipeline::AppliedModel> model)
        : model_(std::move(model)), device_(*model_) {}

    const std::vector<std::string>& inputs() const noexcept override {
        return model_->pipeline().signals;
    }

    // The one way that training and the live stream go, too. A model that needs nothing beside a
    // row (predictor_of()) and takes no value from before (`misses_one`) says the same of a device
    // that has seen others as of one that has seen nothing, so one device does for all rows.
    double predict(std::span<const double> input) const override {
        assert(input.size() == inputs().size());
        constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
        if (model_->cleansing().missing == pipeline::Missing::last && misses_one(input))
            return kUnknown; // which value came last nobody knows here
        const auto said = device_.update(0, input);
        return said ? said->value : kUnknown;
    }

private:
    [[nodiscard]] bool misses_one(std::span<const double> input) const {
        const pipeline::CleansingSettings& cleansing = model_->cleansing();
        for (std::size_t i = 0; i < input.size(); ++i) {
            const pipeline::Limits& limits = cleansing.limits[i];
            const bool is_outside = input[i] < limits.min || input[i] > limits.max;
            if (!std::isfinite(input[i]) || (is_outside && !cleansing.is_clipped)) return true;
        }
        return false;
    }

    const std::shared_ptr<const pipeline::AppliedModel> model_;
    mutable pipeline::DeviceModel device_; // room for a row's features
};

} // namespace

Result<std::shared_ptr<const sql::Predictor>> predictor_of(const pipeline::VersionStore& versions,
                                                           std::string_view name) {
    auto promoted = versions.promoted(name);
    if (promoted.model == nullptr)
        return fail(Errc::not_found, fmt::format("no version of a model '{}' is in use", name));
    if (!promoted.model->needs().empty())
        return fail(Errc::not_supported,
                    fmt::format("predict() asks for one row at a time, and model '{}' needs {}",
                                name, promoted.model->needs()));
    return std::make_shared<const RowPredictor>(std::move(promoted.model));
}

} // namespace holdfast::query
