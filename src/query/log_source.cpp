#include "query/log_source.hpp"

#include "query/device_filter.hpp"

#include <holdfast/history/device.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/payload_columns.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>

namespace holdfast::query {
namespace {

using sql::SourcePlan;

constexpr std::size_t kFetchBytes = 1U << 20U;
// Of the records of one batch of rows, after decompressing: a fetch may hold a thousand times more.
constexpr std::size_t kRecordBytes = 4U << 20U;

// What a row is judged by where history has rows, too: behind the fields that are asked for.
constexpr std::size_t kTimeField = 0;

std::vector<column::Field> fields_to_decode(const SourcePlan& source, bool is_beside_history) {
    auto fields = source.fields;
    if (is_beside_history) {
        fields.push_back({column::FieldKind::ts});
        fields.push_back({column::FieldKind::value}); // so that all payloads are parsed
    }
    return fields;
}

// Of what is no damaged payload: whether history has no value of it.
bool is_empty(ByteView payload) noexcept {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::string_view text = as_text(payload);
    if (text.empty()) return true;
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos || text[first] != '{') return false;
    const std::size_t second = text.find_first_not_of(kSpace, first + 1);
    return second != std::string_view::npos && text[second] == '}';
}

struct Range {
    std::shared_ptr<const log::Stream> stream;
    PartitionId partition;
    Offset from = 0;
    Offset end = 0;
};

class LogCursor final : public exec::Cursor {
public:
    LogCursor(const log::Log& log, std::vector<Range> ranges, const SourcePlan& source,
              exec::Context& context, const ToldRows* told)
        : log_(log),
          told_(told),
          ranges_(std::move(ranges)),
          devices_(DeviceFilter::of(source)),
          arrival_min_ms_(least_arrival_ms(source)),
          context_(context),
          fields_(source.fields.size()),
          event_from_us_(source.event_time.from_us),
          decoder_(fields_to_decode(source, told != nullptr)) {
        if (source.kind != SourcePlan::Kind::stream) topic_filter_ = source.name;
    }

    Result<bool> next(column::Frame& out) override {
        messages_.clear();
        known_from_us_.clear();
        batches_.clear();
        record_bytes_ = 0;
        // the batch that is under way goes on; its records are still borrowed from
        while (has_room()) {
            if (batch_) {
                HF_TRY(const bool is_done, take_records());
                if (!is_done) break;
                batches_.push_back(std::move(*batch_));
                batch_.reset();
            } else if (!rest_.empty()) {
                HF_TRY(next_batch());
            } else if (!messages_.empty()) {
                break; // the fetched bytes are borrowed from until the next call
            } else {
                HF_TRY(const bool any, fetch());
                if (!any) return false;
            }
        }
        decoder_.decode(messages_);
        count_unreadable();
        give(out);
        return true;
    }

    // An event is at most an hour ahead of its arrival, so what arrived an hour before the range
    // began cannot be in it. Late records arrive whenever: the end of the range bounds nothing.
    static std::int64_t least_arrival_ms(const SourcePlan& source) noexcept {
        if (source.kind == SourcePlan::Kind::latest) return 0;
        const std::int64_t ahead = record::PayloadColumns::kAheadOfArrivalMaxUs;
        const std::int64_t event_us = std::max<std::int64_t>(source.event_time.from_us, ahead);
        return std::max<std::int64_t>({source.arrival_time.from_us, event_us - ahead, 0}) / 1000;
    }

private:
    Result<bool> fetch() {
        while (range_ < ranges_.size()) {
            Range& range = ranges_[range_];
            if (told_ != nullptr)
                range.from = told_->next_wanted(range.partition.index, range.from);
            if (range.from >= range.end) {
                ++range_;
                continue;
            }
            HF_TRY(context_.check());
            auto fetched = log_.fetch(range.partition, range.from, kFetchBytes);
            if (!fetched) {
                HF_TRY(skip_damage(range, fetched.error()));
                continue;
            }
            const Offset next = fetched.value().next_offset;
            if (next == range.from) { // nothing more can be read here
                ++range_;
                continue;
            }
            first_ = range.from;
            range.from = next;
            bytes_ = std::move(fetched.value().batches);
            rest_ = bytes_;
            current_ = &range;
            return true;
        }
        return false;
    }
    // Damaged records never stop a query: their range is passed over and counted. Retention may
    // have passed the range, too.
    Result<void> skip_damage(Range& range, const Error& why) {
        if (why.code != Errc::corrupt && why.code != Errc::not_found) return why;
        HF_TRY(const Offset resume, log_.readable_after(range.partition, range.from + 1));
        if (why.code == Errc::corrupt) ++context_.damaged;
        range.from = std::max(resume, range.from + 1);
        return ok();
    }

    // Their rows stay, with NULL for what a payload would say: whoever asked has to know.
    void count_unreadable() {
        for (std::size_t row = 0; row < messages_.size(); ++row) {
            const std::string_view why = decoder_.error(row);
            if (why.empty()) continue;
            const record::MessageView& message = messages_[row];
            if (++context_.unreadable == 1)
                context_.first_unreadable = fmt::format("{}/{}, offset {}: {}", message.stream,
                                                        message.partition, message.offset, why);
        }
    }

    Result<void> next_batch() {
        HF_TRY(const auto header, record::decode_batch_header(rest_));
        const ByteView bytes = rest_;
        rest_ = rest_.subspan(std::min(rest_.size(), header.size_bytes()));
        if (header.is_control() || header.timestamp_max_ms < arrival_min_ms_) return ok();
        auto batch = record::BatchView::open_fetched(bytes);
        if (!batch) {
            ++context_.damaged;
            return ok();
        }
        batch_.emplace(std::move(batch).value());
        return ok();
    }

    // Records that are left out count, too: their batch is held like the others.
    [[nodiscard]] bool has_room() const noexcept {
        return messages_.size() < exec::kBatchRows && record_bytes_ < kRecordBytes;
    }
    // True when the batch is done; false where enough records were taken.
    Result<bool> take_records() {
        record::RecordView record;
        while (has_room()) {
            const auto more = batch_->next(record);
            if (!more) ++context_.damaged;
            if (!more || !more.value()) return true;
            record_bytes_ += record.value.size() + record.headers.size();
            if (record.offset < first_ || record.offset >= current_->end) continue;
            take(record);
        }
        return false;
    }
    void take(const record::RecordView& record) {
        if (record.timestamp_ms < arrival_min_ms_) return;
        if (devices_ && (!record.key || !devices_->contains(as_text(*record.key)))) return;
        std::int64_t known_from_us = INT64_MAX;
        if (told_ != nullptr) {
            if (!record.key || !history::is_device_name(as_text(*record.key))) return;
            const auto from_us =
                told_->told_from_us(current_->partition.index, as_text(*record.key), record.offset);
            if (from_us && *from_us <= event_from_us_) return;
            known_from_us = from_us.value_or(INT64_MAX);
        }
        auto message = record::read_message(record);
        if (message.is_tick) return;
        if (topic_filter_ && !matches(message.topic)) return;
        if (told_ != nullptr) {
            if (!message.has_payload || !message.device || is_empty(message.payload)) return;
            known_from_us_.push_back(known_from_us);
        }
        message.stream = current_->stream->settings.name;
        message.partition = current_->partition.index;
        messages_.push_back(message);
    }
    void give(column::Frame& out) {
        out.rows = messages_.size();
        out.columns.clear();
        for (std::size_t i = 0; i < fields_; ++i) out.columns.push_back(&decoder_.column(i));
        if (told_ == nullptr) return;
        const column::Column& times = decoder_.column(fields_ + kTimeField);
        rows_.clear();
        for (std::uint32_t row = 0; row < out.rows; ++row)
            if (decoder_.error(row).empty() && times.at(row).as_int() < known_from_us_[row])
                rows_.push_back(row);
        if (rows_.size() == out.rows) return;
        out.rows = rows_.size();
        kept_.clear();
        for (const column::Column* each : out.columns) kept_.push_back(each->gather(rows_));
        for (std::size_t i = 0; i < fields_; ++i) out.columns[i] = &kept_[i];
    }
    // Topics repeat, but many devices take turns: a known topic costs one look-up.
    bool matches(std::string_view topic) {
        if (topic.empty()) return false;
        Known& known = known_[std::hash<std::string_view>()(topic) % known_.size()];
        if (known.topic != topic) {
            known.topic = topic;
            known.matches = topic::matches(*topic_filter_, topic);
        }
        return known.matches;
    }

    const log::Log& log_;
    const ToldRows* const told_; // null: none
    std::vector<Range> ranges_;
    // What of a record can be tested before its payload is decoded, which costs most.
    std::optional<std::string> topic_filter_;
    const std::optional<DeviceFilter> devices_;
    const std::int64_t arrival_min_ms_;
    exec::Context& context_;
    const std::size_t fields_; // that are asked for
    const std::int64_t event_from_us_;
    record::PayloadColumns decoder_;
    std::size_t range_ = 0;
    const Range* current_ = nullptr;
    Offset first_ = 0; // a fetched batch may begin before what was asked for
    Bytes bytes_;      // fetched; rest_ and uncompressed batches borrow it
    ByteView rest_;
    std::optional<record::BatchView> batch_;
    std::deque<record::BatchView> batches_; // done, but messages_ borrow from them
    std::vector<record::MessageView> messages_;
    std::vector<std::int64_t>
        known_from_us_;                // of each, beside history: if it is not before, no row
    std::vector<std::uint32_t> rows_;  // of messages_, that are given
    std::vector<column::Column> kept_; // of those, where not all are
    std::size_t record_bytes_ = 0;     // of what messages_ were chosen from
    struct Known {
        std::string topic;
        bool matches = false;
    };
    std::vector<Known> known_{4096}; // by the topic's hash
};

// Whether all of the stream that the filter lets through lies where the partitioner puts it.
// `bounds` of the partitions were taken before: what came elsewhere since is not read anyway.
bool is_in_place(const log::Log& log, const log::Stream& stream) {
    const auto now = log.find_stream(stream.id);
    return now != nullptr && now->keys_in_place &&
           now->settings.partitions == stream.settings.partitions;
}

// The partitions of a stream that hold anything, as they stand.
Result<std::vector<Range>> ranges_of(const log::Log& log,
                                     const std::shared_ptr<const log::Stream>& stream) {
    std::vector<Range> ranges;
    for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
        const PartitionId partition{stream->id, index};
        HF_TRY(const auto bounds, log.bounds(partition));
        ranges.push_back({stream, partition, bounds.log_start_offset,
                          bounds.readable_end(log::Isolation::committed)});
    }
    return ranges;
}

} // namespace

Result<std::unique_ptr<exec::Cursor>> open_log(const log::Log& log,
                                               const std::vector<std::string>& streams,
                                               const SourcePlan& source, exec::Context& context,
                                               const ToldRows* told) {
    std::vector<Range> ranges;
    const auto devices = DeviceFilter::of(source);
    const std::int64_t arrival_ms = LogCursor::least_arrival_ms(source);
    for (const std::string& name : streams) {
        const auto stream = log.find_stream(name);
        if (stream == nullptr) continue; // deleted since the query was bound
        HF_TRY(auto of_stream, ranges_of(log, stream));
        const bool is_pruned = devices && is_in_place(log, *stream);
        for (Range& range : of_stream) {
            if (is_pruned &&
                !devices->may_lie_in(range.partition.index, stream->settings.partitions))
                continue;
            if (arrival_ms > 0) {
                HF_TRY(const Offset first, log.offset_at(range.partition, arrival_ms));
                range.from = std::max(range.from, first);
            }
            if (range.from < range.end) ranges.push_back(std::move(range));
        }
    }
    return std::make_unique<LogCursor>(log, std::move(ranges), source, context, told);
}

PartitionCount partitions_read(const log::Log& log, const std::vector<std::string>& streams,
                               const SourcePlan& source) {
    PartitionCount count;
    const auto devices = DeviceFilter::of(source);
    for (const std::string& name : streams) {
        const auto stream = log.find_stream(name);
        if (stream == nullptr) continue;
        const PartitionIndex partitions = stream->settings.partitions;
        const bool is_pruned = devices && stream->keys_in_place;
        count.all += partitions;
        for (PartitionIndex index = 0; index < partitions; ++index)
            if (!is_pruned || devices->may_lie_in(index, partitions)) ++count.read;
    }
    return count;
}

} // namespace holdfast::query
