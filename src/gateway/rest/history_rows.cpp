#include <gateway/rest/history_rows.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

using column::Column;
using column::Frame;
using column::Type;
using column::Value;
using history::Bucket;
using history::FieldAggregate;

constexpr std::size_t kBucketsMax = 100'000; // of an answer
constexpr std::size_t kRowsAtOnce = 2'048;

// How many rows of a batch a page takes that has room for `room`: it ends with a time.
std::size_t page_end(std::span<const std::int64_t> ts_us, std::size_t room, std::int64_t last_us) {
    if (room >= ts_us.size()) return ts_us.size();
    if (room > 0) last_us = ts_us[room - 1];
    while (room < ts_us.size() && ts_us[room] == last_us) ++room;
    return room;
}

class RowSender {
public:
    RowSender(const HistoryRead& read, bool with_device) : read_(read), with_device_(with_device) {}

    Result<void> begin() {
        std::vector<std::string> names{"ts"};
        if (with_device_) names.insert(names.begin(), "device");
        // A field may be called as a column of ours is: told apart as in SQL, `ts_1`.
        std::set<std::string> taken(names.begin(), names.end());
        for (const std::string& field : read_.request.fields) {
            std::string name = field;
            for (int n = 1; !taken.insert(name).second; ++n) name = fmt::format("{}_{}", field, n);
            names.push_back(std::move(name));
        }
        return read_.sink.begin(names);
    }

    // False where the page is full.
    Result<bool> send(const std::string& device) {
        const HistoryRequest& request = read_.request;
        const auto reading = read_.store.read({read_.stream, device, request.fields,
                                               request.from_us, request.to_us, read_.bytes_max});
        for (history::ScanBatch batch;;) {
            HF_TRY(read_.check());
            HF_TRY(const bool any, reading->next(batch));
            if (!any) return true;
            const std::size_t room = request.rows_max - std::min(sent_, request.rows_max);
            const std::size_t rows = page_end(batch.ts_us, room, last_us_);
            if (rows > 0) {
                HF_TRY(send(device, batch, rows));
                last_us_ = batch.ts_us[rows - 1];
            }
            if (rows < batch.rows()) return false;
        }
    }
    [[nodiscard]] std::size_t sent() const noexcept { return sent_; }

private:
    Result<void> send(const std::string& device, const history::ScanBatch& batch,
                      std::size_t rows) {
        Frame frame;
        frame.rows = rows;
        std::int64_t* words = ts_.fill(Type::timestamp, batch.rows());
        std::copy(batch.ts_us.begin(), batch.ts_us.end(), words);
        if (with_device_) {
            device_.reset(batch.rows());
            for (std::size_t row = 0; row < batch.rows(); ++row)
                device_.set(row, Value::of_text(device));
            frame.columns.push_back(&device_);
        }
        frame.columns.push_back(&ts_);
        for (const Column& column : batch.columns) frame.columns.push_back(&column);
        sent_ += rows;
        return read_.sink.rows(frame);
    }

    const HistoryRead& read_;
    const bool with_device_;
    std::size_t sent_ = 0;
    std::int64_t last_us_ = INT64_MIN;
    Column ts_;
    Column device_;
};

history::AggregateRequest request_of(const HistoryRead& read, const std::string& device) {
    history::AggregateRequest out;
    out.stream = read.stream;
    out.device = device;
    out.fields = read.request.fields;
    out.from_us = read.request.from_us;
    out.to_us = read.request.to_us;
    out.bytes_max = read.bytes_max;
    out.check = read.check;
    return out;
}

// No bound is open any more, so that buckets can be counted; no rows of the device are left out.
void close_bounds(const HistoryRead& read, const std::string& device,
                  history::AggregateRequest& out) {
    const auto known = read.store.summary(read.stream, device);
    if (!known) return;
    out.from_us = std::max(out.from_us, known->first_ts_us);
    out.to_us = std::max(out.from_us, std::min(out.to_us, known->last_ts_us + 1));
}

// `cells` gives what a field of a bucket is to its row.
template <class Cells>
Result<std::uint64_t> send_all(const HistoryRead& read, history::Aggregation& aggregation,
                               std::size_t cells_per_field, const Cells& cells) {
    std::uint64_t sent = 0;
    std::vector<Column> columns(1 + read.request.fields.size() * cells_per_field);
    for (std::vector<Bucket> buckets;;) {
        HF_TRY(const bool any, aggregation.next(buckets));
        if (!any) return sent;
        for (std::size_t begin = 0; begin < buckets.size(); begin += kRowsAtOnce) {
            Frame frame;
            frame.rows = std::min(kRowsAtOnce, buckets.size() - begin);
            for (Column& column : columns) {
                column.reset(frame.rows);
                frame.columns.push_back(&column);
            }
            for (std::size_t row = 0; row < frame.rows; ++row) {
                const Bucket& bucket = buckets[begin + row];
                columns[0].set(row, Value::of_timestamp_us(bucket.start_us));
                for (std::size_t i = 0; i < bucket.fields.size(); ++i)
                    for (std::size_t cell = 0; cell < cells_per_field; ++cell)
                        columns[1 + i * cells_per_field + cell].set(row,
                                                                    cells(bucket.fields[i], cell));
            }
            HF_TRY(read.sink.rows(frame));
            sent += frame.rows;
        }
    }
}

} // namespace

Result<std::uint64_t> send_rows(const HistoryRead& read, std::span<const std::string> devices,
                                bool with_device) {
    RowSender sender(read, with_device);
    HF_TRY(sender.begin());
    for (const std::string& device : devices) {
        HF_TRY(const bool has_room, sender.send(device));
        if (!has_room) break;
    }
    return sender.sent();
}

Result<std::unique_ptr<history::Aggregation>> open_buckets(const HistoryRead& read,
                                                           const std::string& device) {
    history::AggregateRequest request = request_of(read, device);
    close_bounds(read, device, request);
    request.step_us = read.request.step_us;
    const auto width = static_cast<std::uint64_t>(request.to_us - request.from_us);
    if (request.step_us != 0 && width / static_cast<std::uint64_t>(request.step_us) >= kBucketsMax)
        return fail(Errc::malformed,
                    fmt::format("step: more than {} buckets; ask for a wider step or less time",
                                kBucketsMax));
    return read.store.aggregate(request);
}

Result<std::uint64_t> send_buckets(const HistoryRead& read, const std::string& device) {
    HF_TRY(const auto aggregation, open_buckets(read, device));
    const auto& statistics = read.request.statistics;
    std::vector<std::string> names{"ts"};
    for (const std::string& field : read.request.fields)
        for (const Statistic each : statistics)
            names.push_back(fmt::format("{}({})", to_string(each), field));
    HF_TRY(read.sink.begin(names));
    return send_all(read, *aggregation, statistics.size(),
                    [&statistics](const FieldAggregate& field, std::size_t cell) {
                        return value_of(field, statistics[cell]);
                    });
}

Result<std::uint64_t> send_extremes(const HistoryRead& read, const std::string& device) {
    history::AggregateRequest request = request_of(read, device);
    close_bounds(read, device, request);
    const auto width = static_cast<std::uint64_t>(request.to_us - request.from_us);
    const std::uint64_t points = read.request.points;
    request.step_us =
        static_cast<std::int64_t>(std::max<std::uint64_t>(1, (width + points - 1) / points));
    request.origin_us = request.from_us;
    request.with_extremes = true;
    std::vector<std::string> names{"ts"};
    for (const std::string& field : request.fields)
        for (const char* each : {"min", "min_ts", "max", "max_ts"})
            names.push_back(fmt::format("{}({})", each, field));
    HF_TRY(read.sink.begin(names));
    return send_all(read, *read.store.aggregate(request), 4,
                    [](const FieldAggregate& field, std::size_t cell) {
                        const Value& extreme = cell < 2 ? field.min : field.max;
                        if (cell % 2 == 0 || extreme.is_null()) return extreme;
                        return Value::of_timestamp_us(cell == 1 ? field.min_us : field.max_us);
                    });
}

} // namespace holdfast::gateway
