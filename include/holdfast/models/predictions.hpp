#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/pipeline/version_store.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::models {

// What a trained model said last of a device.
struct Prediction {
    std::string device;
    std::int64_t event_ms = 0;
    double value = 0.0; // NaN: it could not tell
    bool is_alarmed = false;
};

// A promoted version at work on its stream.
struct PredictionsInfo {
    std::string model;
    std::uint64_t version = 0;
    std::string stream;
    std::string promoted_by; // empty: the operator
    std::string reason;      // why it is paused; empty: it runs
    std::size_t devices = 0;
    std::int64_t lag = 0; // records between the model and the high watermarks
    ModelCounts counts;
    std::string last_error;         // empty: none
    std::vector<Prediction> newest; // since the start of the process
};

// Promoted versions of trained models over the streams that they were trained on: each device's
// state is stored in one append with the offset that it covers and the alarms that it raised, so
// that a restart goes on with the same numbers. A version that is taken into use begins at the end
// of its stream. Alarms are of the source `trained:NAME`.
//
// All members are thread-safe and BLOCK: call them from a worker thread. Parts outlive it.
class Predictions {
public:
    struct Parts {
        log::Log& log;
        log::ConsumerPool& pool;
        broker::Publisher& publisher;
        alarms::Registry& alarms;
        const Clock& clock;
        const pipeline::VersionStore& versions;
        std::size_t checkpoint_records = 5'000; // state is stored at least this often
        Engine::RefusalOf refusal_of = {};      // of who promoted it; empty: everybody may
    };
    explicit Predictions(Parts parts);
    ~Predictions(); // stop()

    // Sets going what is in use, where it stopped. A device whose stored state is damaged, which a
    // log line names, begins anew. io, corrupt.
    [[nodiscard]] Result<void> start();
    // Nothing is lost: a later start() resumes.
    void stop();

    // The version in use of this model may have become another, or none, by this user (empty: the
    // operator), with whose rights it reads from now on: call it after that. io, corrupt.
    [[nodiscard]] Result<void> follow(std::string_view name, const std::string& promoted_by = {});
    // Call it after streams were made, altered or deleted. io, corrupt.
    [[nodiscard]] Result<void> refresh();
    // Rights may have changed: pauses those whose promoter may not read the stream any more, and
    // lets those go on, where they stood, whose promoter may again. io, corrupt.
    [[nodiscard]] Result<void> follow_rights();

    // Nothing where no version is in use, or its pipeline names no stream.
    [[nodiscard]] std::optional<PredictionsInfo> find(std::string_view name) const;
    // Names of those at work on this stream, also where it is not there at the moment.
    [[nodiscard]] std::vector<std::string> readers_of(std::string_view stream) const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::models
