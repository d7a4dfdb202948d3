#pragma once

#include <holdfast/log/log.hpp>

#include <cstddef>
#include <functional>
#include <memory>

namespace holdfast::log {

// One reader of one partition that keeps its own position (the "direct approach").
class Consumer {
public:
    virtual ~Consumer() = default;
    [[nodiscard]] virtual PartitionId partition() const = 0;
    // Next offset wanted. Asked before each fetch.
    [[nodiscard]] virtual Offset position() const = 0;

    // Takes the batches fetched from position(), of which there may be none where all that was met
    // is left out (aborted, markers); `fetched` lives until `done`. Runs on a pool
    // thread, never twice at once for one consumer. `done` must be called exactly once, on any
    // thread, when what the step derived is durable; only then does the next step come. A failure
    // is logged by the pool, which tries the same position again after a pause that doubles up to
    // 10 s.
    using Done = std::function<void(Result<void>)>;
    virtual void step(const Fetched& fetched, Done done) = 0;

    // The asked position lies below the log start or in a damaged range [position, resume): records
    // are lost to this consumer, which says so and moves its position to `resume`.
    virtual void skipped_to(Offset resume, const Error& why) = 0;
};

// Threads that drive consumers: fetch, step, wait for more.
class ConsumerPool {
public:
    ConsumerPool(Log& log, std::size_t threads, std::size_t fetch_bytes_max = 1U << 20U);
    ~ConsumerPool(); // stop()

    void add(std::shared_ptr<Consumer> consumer);
    // Returns when the consumer is neither running nor waiting and will not be called again; a
    // step runs until its `done` was called. Not from inside step() or from a committer callback.
    void remove(const Consumer& consumer);
    // Ends all; returns when no step runs any more.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::log
