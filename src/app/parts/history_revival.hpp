#pragma once

#include "app/ground.hpp"

#include <holdfast/history/store.hpp>

#include <atomic>
#include <cstdint>

namespace holdfast::app {

// Opens history's database anew after a write to it failed, with growing pauses, and says so: log
// line, alarm `history_stopped`, metrics. Main thread.
class HistoryRevival {
public:
    HistoryRevival(Ground& ground, history::Store& store); // both outlive it

    void look();

private:
    void try_again(const Error& why);

    Ground& ground_;
    history::Store& store_;
    Counter& reopened_;
    std::atomic<bool> is_stopped_{false};
    bool is_told_ = false;    // what the alarm says now
    std::int64_t due_ms_ = 0; // monotonic
    std::int64_t pause_ms_ = 0;
};

} // namespace holdfast::app
