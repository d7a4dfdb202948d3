#include <gateway/rest/live_source.hpp>

#include <gateway/rest/json.hpp>
#include <gateway/rest/record_scan.hpp>
#include <holdfast/gateway/rest/record_json.hpp>
#include <holdfast/log/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr Offset kLagRecordsMax = 2'000; // of a partition: a page shows no more
constexpr std::size_t kScanBytesMax = 4U << 20U;

class LiveRecords final : public LiveSource {
public:
    LiveRecords(const log::Log& log, std::vector<LiveStreamPosition> streams)
        : log_(log), streams_(std::move(streams)) {}

    void add_news(std::string& events) override {
        // Each time another one is first, so that none can hold off the others.
        const std::size_t first = turn_++;
        for (std::size_t i = 0; i < streams_.size(); ++i)
            add_stream(events, (first + i) % streams_.size());
    }

private:
    void add_stream(std::string& events, std::size_t index) {
        LiveStreamPosition& stream = streams_[index];
        const auto now = log_.find_stream(stream.id);
        if (!now) {
            if (!std::exchange(stream.positions, {}).empty())
                events += fmt::format("event: end\ndata: {{\"stream\":\"{}\"}}\n\n", stream.name);
            return;
        }
        if (stream.positions.empty()) return; // it was deleted, and said so
        for (auto i = static_cast<PartitionIndex>(stream.positions.size());
             i < now->settings.partitions; ++i)
            stream.positions.emplace_back(i, 0);
        std::string records;
        std::uint64_t dropped = 0;
        for (TailPosition& position : stream.positions)
            if (records.size() < kLivePieceBytes) dropped += read(stream.id, position, records);
        if (records.empty() && dropped == 0) return;
        events += fmt::format(
            "event: records\nid: {}\ndata: "
            "{{\"stream\":\"{}\",\"records\":[{}],\"dropped\":{}}}\n\n",
            to_live_id(streams_), stream.name, records, dropped);
    }

    // Gives how many were passed over.
    std::uint64_t read(StreamId stream, TailPosition& position, std::string& records) {
        auto& [partition, next] = position;
        const auto bounds = log_.bounds({stream, partition});
        if (!bounds) return 0;
        const Offset end = bounds.value().last_stable_offset;
        if (next > end) next = end; // an id of a log that was restored to an older state
        const Offset from = std::max({next, bounds.value().log_start_offset, end - kLagRecordsMax});
        auto dropped = static_cast<std::uint64_t>(from - next);
        next = from;
        std::string line;
        const auto scanned = scan_records(log_, {stream, partition}, from, kScanBytesMax, {},
                                          [&](const record::RecordView& record) {
                                              next = record.offset + 1;
                                              line.clear();
                                              write_record_json(line, partition, record);
                                              line.pop_back(); // its line break
                                              records += records.empty() ? "" : ",";
                                              records += line;
                                              return records.size() < kLivePieceBytes;
                                          });
        if (scanned) {
            next = scanned.value();
            return dropped;
        }
        // What cannot be read is passed over, too.
        const auto resume = log_.readable_after({stream, partition}, next);
        if (!resume || resume.value() <= next) return dropped;
        dropped += static_cast<std::uint64_t>(resume.value() - next);
        next = resume.value();
        return dropped;
    }

    const log::Log& log_;
    std::vector<LiveStreamPosition> streams_;
    std::size_t turn_ = 0;
};

} // namespace

std::string to_live_id(const std::vector<LiveStreamPosition>& streams) {
    std::string id;
    for (const LiveStreamPosition& stream : streams)
        id += fmt::format("{}{}@{}", id.empty() ? "" : ";", stream.name,
                          to_event_id(stream.positions));
    return id;
}

Result<std::vector<LiveStreamPosition>> from_live_id(std::string_view text) {
    std::vector<LiveStreamPosition> streams;
    while (!text.empty()) {
        const auto one = text.substr(0, text.find(';'));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        const auto at = one.find('@');
        if (at == std::string_view::npos)
            return fail(Errc::malformed,
                        fmt::format("Last-Event-ID: '{}' is not the id of an event", one));
        LiveStreamPosition stream{std::string(one.substr(0, at)), {}, {}};
        if (at + 1 < one.size()) { // else the stream was deleted
            HF_TRY(stream.positions, from_event_id(one.substr(at + 1)));
        }
        streams.push_back(std::move(stream));
    }
    return streams;
}

std::unique_ptr<LiveSource> make_live_records(const log::Log& log,
                                              std::vector<LiveStreamPosition> streams) {
    return std::make_unique<LiveRecords>(log, std::move(streams));
}

} // namespace holdfast::gateway
