#pragma once

#include "models/device_scorer.hpp"

#include <holdfast/models/predictions.hpp>
#include <holdfast/pipeline/applied_model.hpp>

#include <memory>
#include <mutex>
#include <set>

namespace holdfast::models {

// The newest predictions of one partition, for who looks. Thread-safe.
class NewestPredictions {
public:
    void set(std::string_view device, std::int64_t event_ms, double value, bool is_alarmed);
    void add_to(std::vector<Prediction>& out) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, Prediction, std::less<>> by_device_; // guarded by mutex_
};

// A trained model at work: each device's samples go the way that those of its training went, and a
// prediction beyond the pipeline's bound raises an alarm, until one is not.
class PredictionScorer final : public DeviceScorer {
public:
    static constexpr std::size_t kBytesMax = 64U << 20U; // of the devices of a partition

    // What the alarms are of. `newest` gets each prediction.
    PredictionScorer(std::string source, std::shared_ptr<const pipeline::AppliedModel> model,
                     std::uint64_t version, std::shared_ptr<NewestPredictions> newest);

    // The score is the prediction; NaN where there is none.
    Result<Scored> score(std::string_view device, std::int64_t event_ms,
                         std::span<const double> values) override;
    bool takes_empty() const noexcept override { return true; } // as in its training
    std::size_t device_count() const noexcept override { return devices_.size(); }
    std::map<std::string, Bytes> take_changed() override;
    Result<void> restore(std::string_view device, ByteView state) override;

private:
    struct Device {
        explicit Device(const pipeline::AppliedModel& applied) : model(applied) {}
        pipeline::DeviceModel model;
        bool is_alarmed = false;
        std::int64_t raised_ms = 0;
        std::uint64_t raises = 0;
    };
    [[nodiscard]] bool is_beyond(double prediction) const noexcept;
    [[nodiscard]] alarms::Alarm change(std::string_view name, Device& device, std::int64_t event_ms,
                                       double prediction) const;

    const std::string source_;
    const std::shared_ptr<const pipeline::AppliedModel> model_;
    const std::uint64_t version_;
    const std::size_t devices_max_; // as many as fit into kBytesMax
    const std::shared_ptr<NewestPredictions> newest_;
    std::map<std::string, Device, std::less<>> devices_;
    std::set<std::string, std::less<>> changed_;
};

} // namespace holdfast::models
