#include "query/log_source.hpp"

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

using column::FieldKind;
using sql::SourcePlan;

constexpr std::size_t kFetchBytes = 1U << 20U;
// Of the records of one batch of rows, after decompressing: a fetch may hold a thousand times more.
constexpr std::size_t kRecordBytes = 4U << 20U;

// What of a record can be tested before its payload is decoded, which costs most.
struct RawFilter {
    std::optional<std::string> topic_filter{};
    std::optional<std::string> device{}; // only records of this key

    static RawFilter of(const SourcePlan& source) {
        RawFilter out;
        if (source.kind != SourcePlan::Kind::stream) out.topic_filter = source.name;
        // of `latest` the filters are about what is left, so nothing may be left out here
        if (source.kind == SourcePlan::Kind::latest) return out;
        for (const auto& filter : source.filters)
            if (const auto device = device_in(*filter, source)) out.device = device;
        return out;
    }
    // `device = 'x'`
    static std::optional<std::string> device_in(const sql::Expression& e,
                                                const SourcePlan& source) {
        if (e.kind != sql::ExpressionKind::comparison || e.comparison != column::Comparison::equal)
            return std::nullopt;
        for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
            const sql::Expression& name = *e.args[side];
            const sql::Expression& value = *e.args[1 - side];
            if (name.kind == sql::ExpressionKind::slot &&
                source.fields[name.slot].kind == FieldKind::device &&
                value.kind == sql::ExpressionKind::literal &&
                value.literal.type() == column::Type::text)
                return std::string(value.literal.as_text());
        }
        return std::nullopt;
    }
};

struct Range {
    std::shared_ptr<const log::Stream> stream;
    PartitionId partition;
    Offset from = 0;
    Offset end = 0;
};

class LogCursor final : public exec::Cursor {
public:
    LogCursor(const log::Log& log, std::vector<Range> ranges, const SourcePlan& source,
              exec::Context& context)
        : log_(log),
          ranges_(std::move(ranges)),
          raw_(RawFilter::of(source)),
          arrival_min_ms_(least_arrival_ms(source)),
          context_(context),
          decoder_(source.fields) {}

    Result<bool> next(column::Frame& out) override {
        messages_.clear();
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
        out.rows = messages_.size();
        out.columns.clear();
        for (std::size_t i = 0; i < decoder_.fields().size(); ++i)
            out.columns.push_back(&decoder_.column(i));
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
        if (raw_.device && (!record.key || as_text(*record.key) != *raw_.device)) return;
        auto message = record::read_message(record);
        if (message.is_tick) return;
        if (raw_.topic_filter && !matches(message.topic)) return;
        message.stream = current_->stream->settings.name;
        message.partition = current_->partition.index;
        messages_.push_back(message);
    }
    // Topics repeat, but many devices take turns: a known topic costs one look-up.
    bool matches(std::string_view topic) {
        if (topic.empty()) return false;
        Known& known = known_[std::hash<std::string_view>()(topic) % known_.size()];
        if (known.topic != topic) {
            known.topic = topic;
            known.matches = topic::matches(*raw_.topic_filter, topic);
        }
        return known.matches;
    }

    const log::Log& log_;
    std::vector<Range> ranges_;
    const RawFilter raw_;
    const std::int64_t arrival_min_ms_;
    exec::Context& context_;
    record::PayloadColumns decoder_;
    std::size_t range_ = 0;
    const Range* current_ = nullptr;
    Offset first_ = 0; // a fetched batch may begin before what was asked for
    Bytes bytes_;      // fetched; rest_ and uncompressed batches borrow it
    ByteView rest_;
    std::optional<record::BatchView> batch_;
    std::deque<record::BatchView> batches_; // done, but messages_ borrow from them
    std::vector<record::MessageView> messages_;
    std::size_t record_bytes_ = 0; // of what messages_ were chosen from
    struct Known {
        std::string topic;
        bool matches = false;
    };
    std::vector<Known> known_{4096}; // by the topic's hash
};

} // namespace

Result<std::unique_ptr<exec::Cursor>> open_log(const log::Log& log,
                                               const std::vector<std::string>& streams,
                                               const SourcePlan& source, exec::Context& context) {
    std::vector<Range> ranges;
    const std::int64_t arrival_ms = LogCursor::least_arrival_ms(source);
    for (const std::string& name : streams) {
        const auto stream = log.find_stream(name);
        if (stream == nullptr) continue; // deleted since the query was bound
        for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
            Range range{stream, {stream->id, index}, 0, 0};
            HF_TRY(const auto bounds, log.bounds(range.partition));
            range.from = bounds.log_start_offset;
            range.end = bounds.readable_end(log::Isolation::committed);
            if (arrival_ms > 0) {
                HF_TRY(const Offset first, log.offset_at(range.partition, arrival_ms));
                range.from = std::max(range.from, first);
            }
            if (range.from < range.end) ranges.push_back(std::move(range));
        }
    }
    return std::make_unique<LogCursor>(log, std::move(ranges), source, context);
}

} // namespace holdfast::query
