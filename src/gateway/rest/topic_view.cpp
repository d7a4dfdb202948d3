#include <holdfast/gateway/rest/topic_view.hpp>

#include <gateway/rest/record_scan.hpp>
#include <gateway/rest/topic_table.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/header_names.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kTableBytesMax = 128U << 20U;
constexpr std::size_t kTableShare = 8;        // of the account, at most one part in so many
constexpr std::size_t kStepBytes = 1U << 20U; // of one partition, before it is the next one's turn
constexpr std::uint64_t kLagRecordsMin = 1'000; // so few are always read
constexpr std::size_t kRetainedAtOnce = 10'000;

} // namespace

TopicView::TopicView(const log::Log& log, const Clock& clock, MemoryAccount& memory,
                     std::uint64_t backlog_bytes)
    : log_(log),
      clock_(clock),
      backlog_bytes_(backlog_bytes),
      table_(std::make_unique<TopicTable>(
          memory, std::min(kTableBytesMax, memory.limit_bytes() / kTableShare))) {}

TopicView::~TopicView() = default;

TopicView::State TopicView::look(const std::function<void(const TopicTable&)>& use) {
    const std::lock_guard lock(mutex_);
    looked_ms_ = clock_.monotonic_ms();
    if (looked_ms_ - read_ms_ >= kRestMs) read_on();
    use(*table_);
    return {is_complete_, skipped_, table_->left_out()};
}

void TopicView::forget_unused() {
    const std::lock_guard lock(mutex_);
    if (clock_.monotonic_ms() - looked_ms_ < kForgetMs) return;
    table_->clear();
    next_.clear();
    retained_after_.clear();
    has_retained_ = is_complete_ = false;
    skipped_ = 0;
}

void TopicView::read_on() {
    const std::int64_t until_ms = clock_.monotonic_ms() + kTurnMs;
    if (!has_retained_) read_retained(until_ms);
    std::vector<PartitionId> behind = partitions_behind();
    // Each time another one is first, so that none can hold off the others.
    if (!behind.empty())
        std::rotate(behind.begin(),
                    behind.begin() + static_cast<std::ptrdiff_t>(turn_++ % behind.size()),
                    behind.end());
    while (!behind.empty() && clock_.monotonic_ms() < until_ms)
        std::erase_if(behind, [&](PartitionId each) {
            return clock_.monotonic_ms() < until_ms && !read_partition(each);
        });
    is_complete_ = behind.empty() && has_retained_;
    read_ms_ = clock_.monotonic_ms();
}

// A stretch of them, so that there is time left for what was said since.
void TopicView::read_retained(std::int64_t until_ms) {
    const std::int64_t now_ms = clock_.now_ms();
    std::size_t count = 0;
    bool has_more = false;
    const auto scanned = log_.scan_state(
        broker::kRetainedKeyspace, "", retained_after_,
        [&](std::string_view topic, std::string_view value) {
            retained_after_ = topic;
            const auto message = broker::decode_retained(value);
            if (message && message.value().expires_ms > now_ms)
                table_->see_retained(topic, message.value().payload);
            has_more = ++count == kRetainedAtOnce || clock_.monotonic_ms() >= until_ms;
            return !has_more;
        });
    has_retained_ = scanned && !has_more; // a failed read is tried again with the next look
}

std::vector<PartitionId> TopicView::partitions_behind() {
    if (const auto version = log_.streams_version(); version != streams_version_) {
        streams_version_ = version;
        std::erase_if(next_, [&](const auto& each) {
            return log_.find_stream(each.first.stream) == nullptr;
        });
    }
    std::vector<std::pair<PartitionId, log::PartitionBounds>> all;
    for (const auto& stream : log_.streams())
        for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
            const PartitionId partition{stream->id, i};
            if (const auto bounds = log_.bounds(partition))
                all.emplace_back(partition, bounds.value());
        }
    std::erase_if(all, [&](const auto& each) {
        const auto known = next_.find(each.first);
        const Offset next = known != next_.end() ? known->second : each.second.log_start_offset;
        return next >= each.second.last_stable_offset;
    });
    std::vector<PartitionId> behind;
    for (const auto& [partition, bounds] : all) {
        Offset& next = next_.try_emplace(partition, bounds.log_start_offset).first->second;
        bound_lag(partition, bounds, next, backlog_bytes_ / all.size());
        behind.push_back(partition);
    }
    return behind;
}

void TopicView::bound_lag(PartitionId partition, const log::PartitionBounds& bounds, Offset& next,
                          std::uint64_t bytes_max) {
    next = std::max(next, bounds.log_start_offset);
    const auto lag = static_cast<std::uint64_t>(bounds.last_stable_offset - next);
    if (lag <= kLagRecordsMin) return;
    const auto stored = log_.stored_bytes(partition);
    if (!stored) return; // the fetch will say why
    const auto records =
        static_cast<std::uint64_t>(bounds.high_watermark - bounds.log_start_offset);
    const std::uint64_t record_bytes = stored.value() / std::max<std::uint64_t>(records, 1) + 1;
    const std::uint64_t lag_max = std::max(bytes_max / record_bytes, kLagRecordsMin);
    if (lag <= lag_max) return;
    skipped_ += lag - lag_max;
    next += static_cast<Offset>(lag - lag_max);
}

bool TopicView::read_partition(PartitionId partition) {
    Offset& next = next_[partition];
    const auto scanned =
        scan_records(log_, partition, next, kStepBytes, {}, [&](const record::RecordView& record) {
            if (const auto topic = record.header(record::kHeaderMqttTopic))
                table_->see(
                    {as_text(*topic), partition, record.offset, record.timestamp_ms, record.value});
            return true;
        });
    if (scanned) {
        const bool has_moved = scanned.value() != next;
        next = scanned.value();
        return has_moved;
    }
    const auto resume = log_.readable_after(partition, next);
    if (!resume || resume.value() <= next) return false;
    skipped_ += static_cast<std::uint64_t>(resume.value() - next);
    next = resume.value();
    return true;
}

} // namespace holdfast::gateway
