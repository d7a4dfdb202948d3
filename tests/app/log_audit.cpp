#include "app/log_audit.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <string_view>
#include <support/keyspaces.hpp>
#include <unordered_map>

namespace holdfast::test {
namespace {

constexpr std::size_t kFetchBytes = 4U << 20U;

using EachRecord = std::function<void(const record::RecordView&)>;

// The integer behind `"name":` in flat JSON; -1 where there is none.
std::int64_t integer(std::string_view json, std::string_view name) {
    const auto quoted = fmt::format("\"{}\":", name);
    const auto at = json.find(quoted);
    std::int64_t value = -1;
    if (at != std::string_view::npos)
        std::from_chars(json.data() + at + quoted.size(), json.data() + json.size(), value);
    return value;
}

// All batches of one fetch. `expected` is the offset that must come next.
Result<void> walk_batches(ByteView batches, Offset& expected, const EachRecord& each) {
    while (!batches.empty()) {
        HF_TRY(auto batch, record::BatchView::open(batches));
        if (batch.header().base_offset != expected)
            return fail(Errc::corrupt, fmt::format("a batch begins at {}, {} is expected",
                                                   batch.header().base_offset, expected));
        record::RecordView record;
        for (;;) {
            HF_TRY(const bool more, batch.next(record));
            if (!more) break;
            if (record.offset != expected)
                return fail(Errc::corrupt,
                            fmt::format("record {} in place of {}", record.offset, expected));
            ++expected;
            each(record);
        }
        batches = batches.subspan(batch.header().size_bytes());
    }
    return ok();
}

Result<void> walk_partition(const log::Log& log, PartitionId partition, const EachRecord& each) {
    HF_TRY(const auto bounds, log.bounds(partition));
    if (bounds.log_start_offset != 0)
        return fail(Errc::corrupt,
                    fmt::format("starts at {}: nothing has expired", bounds.log_start_offset));
    Offset expected = 0;
    while (expected < bounds.high_watermark) {
        HF_TRY(const auto fetched, log.fetch(partition, expected, kFetchBytes));
        const Offset before = expected;
        HF_TRY(walk_batches(fetched.batches, expected, each));
        if (expected == before)
            return fail(Errc::corrupt, fmt::format("offset {} of {} does not come", expected,
                                                   bounds.high_watermark));
    }
    return ok();
}

class Auditor {
public:
    Auditor(const log::Log& log, const Fleet& fleet, std::int64_t window_ms)
        : log_(log), window_ms_(window_ms) {
        for (const Publisher& publisher : fleet.publishers())
            for (const Device& device : publisher.devices) devices_[device.name].device = &device;
    }

    Audit run() {
        walk("telemetry", [this](const auto& record) {
            note_message(record);
            note_window(record);
        });
        walk("loose", [this](const auto& record) { note_message(record); });
        walk("counts", [this](const auto& record) { note_output(record); });
        for (const auto& [name, seen] : devices_)
            if (seen.next < seen.device->acknowledged)
                fault(fmt::format("LOST: {} ends at {}, {} were acknowledged", name, seen.next,
                                  seen.device->acknowledged));
        for (const auto& [window, count] : audit_.emitted) {
            const auto right = audit_.expected.find(window);
            if (right == audit_.expected.end() || right->second != count)
                fault(fmt::format("rule: {} in window {} counts {}, the log {}", window.first,
                                  window.second, count,
                                  right == audit_.expected.end() ? 0 : right->second));
        }
        return std::move(audit_);
    }

private:
    struct DeviceTime {
        std::int64_t greatest_ms = 0;
        std::int64_t watermark_ms = 0;
        std::int64_t last_arrival_ms = 0;
    };
    struct Seen {
        const Device* device = nullptr;
        std::int64_t next = 0;     // all numbers below are there
        std::vector<int> copies{}; // by number
    };

    void fault(std::string text) {
        if (audit_.faults.size() < 20) audit_.faults.push_back(std::move(text));
    }

    void walk(std::string_view name, const EachRecord& each) {
        const auto stream = log_.find_stream(name);
        if (!stream) return fault(fmt::format("stream {} is gone", name));
        for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
            clocks_.clear();
            arrival_ms_ = 0;
            if (const auto walked = walk_partition(log_, {stream->id, i}, each); !walked)
                fault(fmt::format("{}/{}: {}", name, i, walked.error().context));
        }
    }

    void note_message(const record::RecordView& record) {
        const auto text = as_text(record.value);
        const std::int64_t number = integer(text, "seq");
        const auto found =
            record.key ? devices_.find(std::string(as_text(*record.key))) : devices_.end();
        if (number < 0) return; // what crash_test sends to move the watermark
        if (found == devices_.end()) return fault(fmt::format("a stranger's record: {}", text));
        Seen& seen = found->second;
        ++audit_.records;
        if (number > seen.next)
            fault(fmt::format("{}: {} comes where {} is missing", found->first, number, seen.next));
        if (number >= seen.next) {
            seen.next = number + 1;
        } else {
            ++audit_.duplicates;
        }
        const auto index = static_cast<std::size_t>(number);
        if (seen.copies.size() <= index) seen.copies.resize(index + 1);
        if (index >= seen.device->times_sent.size() ||
            ++seen.copies[index] > seen.device->times_sent[index])
            fault(fmt::format("{}: {} is there more often than it was sent", found->first, number));
    }

    // What the rule has to make of the same record: it is late where its window has closed, by the
    // clock of its own device. After 5 s of arrival time without a record of it that clock goes on
    // by itself; ticks tell arrival time, too.
    void note_window(const record::RecordView& record) {
        arrival_ms_ = std::max(arrival_ms_, record.timestamp_ms);
        if (record.is_tombstone) return;
        constexpr std::int64_t kSilentMs = 5'000;
        const std::string device(as_text(*record.key));
        const std::int64_t ts_ms = integer(as_text(record.value), "ts");
        const auto [at, is_new] =
            clocks_.try_emplace(device, DeviceTime{ts_ms, ts_ms, arrival_ms_});
        DeviceTime& clock = at->second;
        const std::int64_t silent_ms = arrival_ms_ - clock.last_arrival_ms;
        clock.watermark_ms =
            std::max(clock.watermark_ms,
                     clock.greatest_ms + std::max(silent_ms - kSilentMs, std::int64_t{0}));
        const std::int64_t start_ms = ts_ms - ts_ms % window_ms_;
        if (is_new || start_ms + window_ms_ > clock.watermark_ms)
            ++audit_.expected[{device, start_ms}];
        clock.greatest_ms = std::max(clock.greatest_ms, ts_ms);
        clock.watermark_ms = std::max(clock.watermark_ms, clock.greatest_ms);
        clock.last_arrival_ms = arrival_ms_;
    }

    void note_output(const record::RecordView& record) {
        const auto text = as_text(record.value);
        const std::pair window{std::string(as_text(record.key.value_or(ByteView{}))),
                               integer(text, "start_ms")};
        if (!audit_.emitted.emplace(window, integer(text, "n")).second)
            fault(fmt::format("rule: window {} of {} is there twice", window.second, window.first));
    }

    const log::Log& log_;
    const std::int64_t window_ms_;
    std::unordered_map<std::string, Seen> devices_;
    std::map<std::string, DeviceTime> clocks_; // of the partition being walked
    std::int64_t arrival_ms_ = 0;              // likewise
    Audit audit_;
};

} // namespace

Audit audit_log(const std::filesystem::path& data_dir, const Fleet& fleet, std::int64_t window_ms) {
    const SystemClock clock;
    Metrics metrics;
    log::LogOptions options;
    options.keyspaces = test::all_keyspaces();
    options.directory = data_dir / "log";
    const auto log = log::Log::open(std::move(options), clock, metrics);
    if (!log) {
        Audit audit;
        audit.faults.push_back("the log does not open: " + log.error().context);
        return audit;
    }
    return Auditor(*log.value(), fleet, window_ms).run();
}

} // namespace holdfast::test
