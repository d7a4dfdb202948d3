#pragma once

#include "broker/shard_context.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace holdfast::broker {

// The groups of one shard on their way through the log: one gathers (ShardContext::gathering),
// while at most one is with the committer, and another is being answered.
class IngestPipeline {
public:
    // `on_completed` is called as a task of the shard when the log has taken a group, or has not:
    // take_completed() must follow. Sets the context's gathering group.
    IngestPipeline(ShardContext& context, std::function<void()> on_completed);

    // Hands the gathered group to the log, if none is being written; or holds it back a moment.
    void submit_or_hold();
    // True while the gathered group is held back because more is on its way: end_hold() must follow
    // soon, before the next submit_or_hold().
    [[nodiscard]] bool holds() const noexcept { return holds_; }
    void end_hold() noexcept { hold_target_ = 0; }

    // The group that was with the committer. The next one may be on its way to the log already.
    [[nodiscard]] std::unique_ptr<IngestGroup> take_completed();
    // All about the group is answered: it is used again.
    void take_back(std::unique_ptr<IngestGroup> group);

    [[nodiscard]] bool is_writing() const noexcept { return in_flight_ != nullptr; }

private:
    [[nodiscard]] std::unique_ptr<IngestGroup> make_group();

    ShardContext& context_;
    const std::function<void()> on_completed_;
    std::unique_ptr<IngestGroup> in_flight_; // with the committer
    std::vector<std::unique_ptr<IngestGroup>> spares_;
    std::uint64_t hold_target_ = 0; // records to wait for before the next group; 0 = none
    bool holds_ = false;
};

} // namespace holdfast::broker
