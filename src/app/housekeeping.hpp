#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/base/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace holdfast::app {

// What has to be done again and again while the server runs: parts add it when they start. One
// thread, the main one, adds and runs.
class Housekeeping {
public:
    using Task = std::function<Result<void>()>;

    explicit Housekeeping(const Clock& clock) : clock_(clock) {}

    // `name` stands in the log line of a failure, which ends nothing. Due at once, then `every`
    // later; `every` is measured from run to run on the monotonic clock.
    void add(std::string name, std::chrono::milliseconds every, Task task);
    // Runs what is due.
    void run();

private:
    struct Entry {
        std::string name;
        std::int64_t every_ms;
        Task task;
        std::int64_t due_ms;
    };
    const Clock& clock_;
    std::vector<Entry> entries_;
};

} // namespace holdfast::app
