#pragma once

#include <holdfast/base/metrics.hpp>
#include <holdfast/history/damage.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

namespace holdfast::history {

// Builds damaged time partitions of a store anew from the log, where the log has all of their rows
// still; else it says which they are. Such a partition gives errors meanwhile, with its times.
class Repair {
public:
    struct Parts { // all outlive it
        log::Log& log;
        Store& store;
        Metrics& metrics;
    };
    explicit Repair(Parts parts);
    ~Repair(); // breaks off what is under way: a start goes on with it

    // To be called every now and then, from one thread: where something did not read, a thread of
    // its own looks at it, for as long as it takes, and again after a pause where damage is left.
    void look();

    // All of that at once, for whoever can wait: reads the time partitions in which something did
    // not read, and for each that is damaged the log, twice. Errors: closed (`stop` said so), io,
    // no_space: to be tried again.
    [[nodiscard]] Result<void> mend(const std::stop_token& stop);

    // Time partitions that are damaged and cannot be built anew.
    [[nodiscard]] std::size_t lost() const noexcept { return lost_; }

private:
    using Take = std::function<Result<void>(PartitionId from, std::span<const NewRow> rows)>;
    [[nodiscard]] std::optional<std::string> missing(const DamagedPartition& part,
                                                     const std::stop_token& stop);
    [[nodiscard]] Result<void> read_log(const DamagedPartition& part, const std::stop_token& stop,
                                        const Take& take);
    [[nodiscard]] Result<void> rebuild(const DamagedPartition& part, const std::stop_token& stop);

    const Parts parts_;
    Counter& rebuilt_;
    std::atomic<std::size_t> lost_{0};
    std::map<std::string, std::string> lost_why_; // by family: as it was said
    std::atomic<bool> is_working_{false};
    std::atomic<bool> is_left_{false};                 // of the last look: not all was mended
    std::chrono::steady_clock::time_point not_before_; // the next one
    std::jthread thread_;                              // the last one: it goes first
};

} // namespace holdfast::history
