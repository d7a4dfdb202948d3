#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/models/model_spec.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::history {
class Store;
}

namespace holdfast::models {

struct EngineSettings {
    std::size_t models_max = 100;
    std::size_t checkpoint_records = 5'000; // state is stored at least this often, and with alarms
};

// What a model has done since the process started, summed over its partitions.
struct ModelCounts {
    std::uint64_t scored = 0; // samples
    // Messages without a number in any field, undecodable, one device too many.
    std::uint64_t skipped = 0;
    std::uint64_t implausible = 0; // samples whose event time could be none: arrival counts
    std::uint64_t unstorable = 0;  // alarm records that their stream can never take
    std::uint64_t lost = 0;        // offsets that were gone before the model could read them
    std::uint64_t alarms_raised = 0;
    std::uint64_t alarms_worsened = 0; // told of again, with a higher severity
    std::uint64_t alarms_cleared = 0;
    std::uint64_t primed = 0; // stored samples that it was fed with before it went live
};

// How far a new model has come with what is stored.
struct PrimingProgress {
    std::size_t devices = 0; // that history has; 0 also while the log is caught up with
    std::size_t devices_done = 0;
};

struct ModelInfo {
    ModelSpec spec;
    std::string text; // as it was given
    // Who made it, as create() was told; empty: the operator, or somebody before there were users.
    std::string made_by;
    std::string reason; // why it is paused: what its maker may not do any more. Empty: it works
    ModelCounts counts;
    std::optional<PrimingProgress> priming; // empty: it is live
    std::size_t devices = 0;
    std::string last_error; // empty: none
    std::int64_t lag = 0;   // records between the model and the high watermarks
};

// Models over the log: every device of a model has a detector of its own, whose state is stored in
// one append with the offset that it covers and the alarms that it raised (exactly once).
//
// A new model with `prime` is first fed with what history and log have of that time, on a thread of
// the engine, without alarms; a restart in between begins it again.
//
// All members are thread-safe and BLOCK: call them from a worker thread. Log, pool, publisher,
// registry, metrics, clock and history outlive the engine.
class Engine {
public:
    // What keeps `made_by` from having a model that reads `source`: empty, or the reason, for
    // people. Asked for each model that is made by somebody, under the engine's lock.
    using RefusalOf =
        std::function<std::string(const std::string& made_by, const std::string& source)>;

    struct Parts {
        log::Log& log;
        log::ConsumerPool& pool;
        broker::Publisher& publisher;
        alarms::Registry& alarms;
        Metrics& metrics;
        const Clock& clock;
        RefusalOf refusal_of = {}; // empty: everybody may have every model
        // What new models are primed from, and then the log; null: the log alone.
        const history::Store* history = nullptr;
    };
    Engine(EngineSettings settings, Parts parts);
    ~Engine(); // stop()

    // Loads the stored models and sets them going where they stopped. What is damaged is named in a
    // log line: a model whose text is left out, one whose offset does not run, a device learns
    // anew. io.
    [[nodiscard]] Result<void> start();
    // Ends all work. Nothing is lost: a later start() resumes.
    void stop();

    // A model from YAML or JSON (docs/models.md); it starts at the end of its stream, also where it
    // replaces one. `made_by` is whose rights it acts with from now on: while he has lost one it is
    // paused, and then goes on where it stood. malformed, not_found (stream), already_exists,
    // limit_exceeded.
    [[nodiscard]] Result<ModelInfo> create(std::string_view text, std::string_view origin,
                                           bool replace = false, std::string made_by = {});
    // A model file: left alone where it stands already with the same text, else created or
    // replaced. It is the operator's.
    [[nodiscard]] Result<void> load_file(std::string_view text, std::string_view origin);
    [[nodiscard]] Result<void> remove(std::string_view name); // not_found

    // Follows streams: call it after one was made, altered or deleted. A model reads partitions
    // that were added from their start, and stops where its stream is gone. io, corrupt.
    [[nodiscard]] Result<void> refresh();

    // Rights may have changed: pauses and resumes models as their makers may. io, corrupt.
    [[nodiscard]] Result<void> follow_rights();

    [[nodiscard]] std::optional<ModelInfo> find(std::string_view name) const;
    [[nodiscard]] std::vector<ModelInfo> list() const; // by name

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::models
