#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/ml/training/run_control.hpp>
#include <holdfast/pipeline/samples.hpp>
#include <holdfast/pipeline/version_store.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::pipeline {

struct TrainingSettings {
    std::filesystem::path directory; // of the marks of trainings that have not ended
    std::size_t memory_bytes = 256U << 20U;
    std::size_t waiting_max = 8; // more are refused
    std::size_t shown_max = 100; // trainings that are told of; the oldest that ended is forgotten
};

enum class TrainingState : std::uint8_t {
    waiting,
    reading,     // its rows
    training,    //
    done,        // there is a version
    failed,      // `error` says why
    cancelled,   // by somebody
    interrupted, // by the end of the server
};
[[nodiscard]] std::string_view to_string(TrainingState state) noexcept;

struct TrainingInfo {
    std::string id;
    std::string model;
    std::string made_by; // empty: the operator
    TrainingState state = TrainingState::waiting;
    double progress = 0.0; // of the training, [0, 1]
    std::int64_t submitted_ms = 0;
    std::int64_t began_ms = 0; // 0: it has not
    std::int64_t ended_ms = 0; // 0: it has not
    std::uint64_t version = 0; // 0: none
    std::string error;

    [[nodiscard]] bool has_ended() const noexcept { return state >= TrainingState::done; }
};

// Trains models on a thread of its own, at nice 19, one after the other, and keeps what comes out
// as versions. What a training may hold is taken from the memory account while it runs: a quarter
// each for samples and features, the rest for what methods make of them.
//
// Thread-safe. submit() writes a small file, so not on a shard. Store, account, metrics and clock
// outlive it.
class TrainingService {
public:
    // Puts the rows into the samples, and says of which records they are. On the service's thread;
    // ends soon after control.stop was asked for.
    using ReadRows = std::function<Result<std::vector<ml::DataRange>>(
        const Plan& plan, Samples& out, const ml::RunControl& control)>;

    struct Parts {
        VersionStore& versions;
        MemoryAccount& memory;
        Metrics& metrics;
        const Clock& clock;
    };
    // The directory is there. What was under way in it is told of as interrupted.
    TrainingService(TrainingSettings settings, Parts parts);
    ~TrainingService(); // stop()

    // limit_exceeded: too many wait; closed; io, no_space.
    [[nodiscard]] Result<TrainingInfo> submit(Plan plan, std::string made_by, ReadRows read);
    [[nodiscard]] std::optional<TrainingInfo> find(std::string_view id) const;
    [[nodiscard]] std::vector<TrainingInfo> list() const; // the newest first
    // One that runs ends soon. not_found; already_exists: it has ended.
    [[nodiscard]] Result<void> cancel(std::string_view id);

    // Ends the one that runs, soon; those that wait never begin. All are told of as interrupted by
    // the next start.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::pipeline
