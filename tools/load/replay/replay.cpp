#include <load/mqtt_feed.hpp>
#include <load/replay/csv.hpp>
#include <load/replay/replay.hpp>
#include <load/replay/row_json.hpp>
#include <load/stop_signal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <optional>

namespace holdfast::load {
namespace {

constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

Result<std::size_t> find_time_column(const std::vector<std::string>& columns,
                                     const std::string& wanted, const std::string& file) {
    const auto index_of = [&columns](std::string_view name) {
        const auto found = std::find(columns.begin(), columns.end(), name);
        return found == columns.end() ? kNoColumn
                                      : static_cast<std::size_t>(found - columns.begin());
    };
    if (!wanted.empty()) {
        const std::size_t index = index_of(wanted);
        if (index != kNoColumn) return index;
        return fail(Errc::not_found, fmt::format("{} has no column '{}'", file, wanted));
    }
    for (const char* name : {"ts", "timestamp", "time", "date"}) {
        if (const std::size_t index = index_of(name); index != kNoColumn) return index;
    }
    return kNoColumn;
}

class Replay {
public:
    explicit Replay(const ReplayOptions& options) : options_(options) {}

    Result<int> run();

private:
    [[nodiscard]] bool going() const { return !stop_requested() && loop_.failures() == 0; }
    // Waits until it is the row's turn and there is room in flight.
    void wait_for_turn(const MqttFeed& feed, std::optional<std::int64_t> ts_ms);
    Result<void> publish_rows(MqttFeed& feed, CsvReader& rows);
    void drain(const MqttFeed& feed);

    ReplayOptions options_;
    Loop loop_;
    std::optional<std::int64_t> first_ts_ms_;
    std::uint64_t start_ns_ = monotonic_ns();
    std::uint64_t rows_ = 0;
};

void Replay::wait_for_turn(const MqttFeed& feed, std::optional<std::int64_t> ts_ms) {
    constexpr std::uint64_t kWaitNs = 100'000'000;
    std::uint64_t due_ns = 0;
    if (options_.speed > 0 && ts_ms) {
        if (!first_ts_ms_) first_ts_ms_ = ts_ms;
        const auto after_ms =
            static_cast<double>(std::max<std::int64_t>(0, *ts_ms - *first_ts_ms_));
        due_ns = start_ns_ + static_cast<std::uint64_t>(after_ms * 1e6 / options_.speed);
    }
    for (std::uint64_t now_ns = monotonic_ns(); going() && (feed.full() || now_ns < due_ns);
         now_ns = monotonic_ns()) {
        loop_.turn(now_ns < due_ns ? std::min(kWaitNs, due_ns - now_ns) : kWaitNs);
    }
}

Result<void> Replay::publish_rows(MqttFeed& feed, CsvReader& rows) {
    HF_TRY(const std::vector<std::string> columns, rows.next());
    HF_TRY(const std::size_t time, find_time_column(columns, options_.time_column, options_.file));
    while (going()) {
        HF_TRY(const std::vector<std::string> row, rows.next());
        if (row.empty()) break;
        if (row.size() > columns.size()) {
            return fail(Errc::malformed,
                        fmt::format("{} line {}: {} fields, but {} columns", options_.file,
                                    rows.line(), row.size(), columns.size()));
        }
        std::optional<std::int64_t> ts_ms;
        if (time < row.size()) {
            ts_ms = parse_time_ms(row[time]);
            if (!ts_ms) {
                return fail(Errc::malformed, fmt::format("{} line {}: '{}' is no time",
                                                         options_.file, rows.line(), row[time]));
            }
        }
        wait_for_turn(feed, ts_ms);
        if (!going()) break;
        const std::string payload =
            row_to_json(columns, row, ts_ms ? time : kNoColumn, ts_ms.value_or(0), options_.device);
        if (feed.publish(options_.topic, payload)) ++rows_;
        loop_.turn(0);
    }
    return ok();
}

void Replay::drain(const MqttFeed& feed) {
    constexpr std::uint64_t kPatienceNs = 10'000'000'000;
    const std::uint64_t give_up_ns = monotonic_ns() + kPatienceNs;
    while (feed.in_flight() > 0 && loop_.failures() == 0 && monotonic_ns() < give_up_ns) {
        loop_.turn(10'000'000);
    }
}

Result<int> Replay::run() {
    std::ifstream file(options_.file);
    if (!file) return fail(Errc::not_found, fmt::format("cannot read {}", options_.file));
    HF_TRY(const Session session,
           dial_mqtt(options_.endpoint, options_.version, options_.client_id));
    MqttFeed feed(session.socket, options_.version,
                  std::min<std::size_t>(options_.in_flight_max, session.receive_maximum));
    loop_.add(feed);
    CsvReader rows(file);
    const Result<void> published = publish_rows(feed, rows);
    drain(feed);
    std::fputs(fmt::format(R"({{"rows":{},"acknowledged":{},"refused":{},"seconds":{:.3f}}})"
                           "\n",
                           rows_, feed.acked() - feed.refused(), feed.refused(),
                           static_cast<double>(monotonic_ns() - start_ns_) / 1e9)
                   .c_str(),
               stdout);
    if (!published) return published.error();
    if (loop_.failures() > 0) return fail(Errc::io, loop_.first_failure());
    return feed.acked() == rows_ && feed.refused() == 0 ? 0 : 1;
}

} // namespace

Result<int> run_replay(const ReplayOptions& options) {
    Replay replay(options);
    return replay.run();
}

} // namespace holdfast::load
