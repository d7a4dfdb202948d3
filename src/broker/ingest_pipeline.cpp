#include "broker/ingest_pipeline.hpp"

#include <cassert>
#include <utility>

namespace holdfast::broker {
namespace {

// Groups smaller than the first gain little by waiting, larger than the second nothing.
constexpr std::uint64_t kHoldFrom = 256;
constexpr std::uint64_t kHoldUpTo = 8192;

constexpr int kSpares = 2; // one is with the committer while another is being answered

} // namespace

IngestPipeline::IngestPipeline(ShardContext& context, std::function<void()> on_completed)
    : context_(context), on_completed_(std::move(on_completed)) {
    context_.gathering = make_group();
    for (int i = 0; i < kSpares; ++i) spares_.push_back(make_group());
}

// The committer's thread only ever says "done": the group itself is looked at on the shard.
std::unique_ptr<IngestGroup> IngestPipeline::make_group() {
    return std::make_unique<IngestGroup>(
        [this] { context_.broker.port(context_.index).post([this](Shard&) { on_completed_(); }); });
}

// Under load the clients whose messages were just acknowledged send their next ones at once.
// Waiting that moment makes one large group of two small ones: half the syncs, and half the sends,
// each of which carries one client's acknowledgements of a group. Groups that are small anyway
// never wait.
void IngestPipeline::submit_or_hold() {
    holds_ = false;
    if (in_flight_ || context_.gathering->empty()) return;
    if (context_.gathering->record_count() < hold_target_) {
        holds_ = true;
        return;
    }
    hold_target_ = 0;
    assert(!spares_.empty() && spares_.back()->empty());
    in_flight_ = std::exchange(context_.gathering, std::move(spares_.back()));
    spares_.pop_back();
    in_flight_->seal();
    context_.broker.log().append(*in_flight_);
}

std::unique_ptr<IngestGroup> IngestPipeline::take_completed() {
    assert(in_flight_);
    std::unique_ptr<IngestGroup> completed = std::move(in_flight_);
    const std::uint64_t under_way = completed->record_count() + context_.gathering->record_count();
    const bool is_busy = completed->record_count() >= kHoldFrom && under_way <= kHoldUpTo;
    hold_target_ = !completed->first_error() && is_busy ? under_way * 3 / 4 : 0;
    // A write without a sync is over before the answers are out, and its group's clients wait less.
    // A sync is not begun early: its interrupts and threads would fight the answers for the core.
    if (!context_.gathering->needs_sync()) submit_or_hold();
    return completed;
}

void IngestPipeline::take_back(std::unique_ptr<IngestGroup> group) {
    group->clear(context_.broker.group_bytes_max());
    assert(spares_.size() < kSpares);
    spares_.push_back(std::move(group));
}

} // namespace holdfast::broker
