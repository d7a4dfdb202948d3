#include "app/housekeeping.hpp"

#include <holdfast/base/log_line.hpp>

#include <utility>

namespace holdfast::app {

void Housekeeping::add(std::string name, std::chrono::milliseconds every, Task task) {
    entries_.push_back({std::move(name), every.count(), std::move(task), clock_.monotonic_ms()});
}

void Housekeeping::run() {
    const std::int64_t now_ms = clock_.monotonic_ms();
    for (Entry& entry : entries_) {
        if (now_ms < entry.due_ms) continue;
        entry.due_ms = now_ms + entry.every_ms;
        if (const auto done = entry.task(); !done)
            log_warn("app", "{}: {}", entry.name, done.error().context);
    }
}

} // namespace holdfast::app
