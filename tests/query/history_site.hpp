#pragma once

// A stream of two partitions whose log is told to a history step by step, and devices that send as
// they do at their worst. For tests of what a query says of both.

#include "history/partition_reader.hpp"
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/query/table.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace holdfast::test {

using Lines = std::vector<std::string>;

inline constexpr std::int64_t kArrivalMs = kStartUs / 1000;

// Rows as JSON arrays.
class Collected final : public query::Sink {
public:
    Result<void> begin(const std::vector<std::string>& given) override {
        names = given;
        return ok();
    }
    Result<void> rows(const column::Frame& batch) override {
        for (std::size_t row = 0; row < batch.rows; ++row) {
            std::string json;
            for (const column::Column* column : batch.columns) {
                json += json.empty() ? '[' : ',';
                column::append_json(json, column->at(row));
            }
            lines.push_back(json + "]");
        }
        if (on_rows) on_rows();
        return ok();
    }
    std::function<void()> on_rows;
    Lines names;
    Lines lines;
    std::uint64_t mismatches = 0;
};

struct HistorySite {
    query::EngineSettings settings;
    LogFixture log;
    StoreFixture history;
    StreamId stream = log.make_stream("telemetry", 2).stream;
    std::shared_ptr<const log::Stream> found = log.log->find_stream("telemetry");

    void append(PartitionIndex index, const std::vector<KeyedValue>& records) {
        WaitedGroup group;
        group.add_keyed({stream, index}, records, kArrivalMs, record::Compression::none);
        log.log->append(group);
        REQUIRE(group.wait());
    }
    // One fetch; false at the end of the log.
    bool tell(PartitionIndex index, std::size_t bytes_max = 1'500) {
        history::PartitionReader reader(found, index, *history.store, log.metrics);
        const auto fetched = log.log->fetch({stream, index}, reader.position(), bytes_max).value();
        if (fetched.next_offset == reader.position()) return false;
        Result<void> result = ok();
        reader.step(fetched, [&result](Result<void> done) { result = std::move(done); });
        REQUIRE(result);
        return true;
    }
    void tell_all() {
        for (PartitionIndex index : {0U, 1U})
            while (tell(index)) {}
    }

    Collected ask(const std::string& sql, query::MayRead may_read = {},
                  std::function<void()> on_rows = {}) const {
        query::Engine::Parts parts{*log.log, log.clock,
                                   [](std::string_view) { return Lines{"telemetry"}; }};
        parts.history = history.store.get();
        if (parts.history != nullptr)
            parts.tables.push_back(query::devices_table(*parts.history, *log.log));
        const query::Engine engine(settings, std::move(parts));
        Collected sink;
        sink.on_rows = std::move(on_rows);
        query::Request request{sql};
        request.may_read = std::move(may_read);
        const auto summary = engine.run(request, sink);
        if (!summary) sink.lines = {"error: " + summary.error().context};
        if (summary) sink.mismatches = summary.value().mismatches;
        return sink;
    }
    Lines rows(const std::string& sql) const { return ask(sql).lines; }
    Lines sorted(std::string sql, const std::string& relation) const {
        sql.replace(sql.find("telemetry"), std::string_view("telemetry").size(), relation);
        Lines lines = rows(sql);
        std::sort(lines.begin(), lines.end());
        return lines;
    }
};

// Messages of six devices: fields that come and go and change their types, odd names, late ones.
class MessyDevices {
public:
    explicit MessyDevices(std::uint64_t seed) : random_(seed) {}

    KeyedValue next(PartitionIndex index, bool repeats) {
        if (repeats && !sent_[index].empty() && at_most(4) == 0)
            return sent_[index][at_most(sent_[index].size())];
        const std::string device = fmt::format("d{}", 2 * at_most(3) + index);
        const auto late_s = static_cast<std::int64_t>(at_most(30 * 86'400));
        std::string json =
            fmt::format(R"({{"ts": {}, "n": {})", kStartUs / 1'000'000 - late_s, ++number_);
        if (at_most(3) != 0) json += R"(, "temp": )" + scalar();
        if (at_most(3) == 0) json += R"(, "door": {"open": true, "why": )" + scalar() + "}";
        if (at_most(4) == 0) json += R"(, "odd \"name\".x": )" + scalar();
        if (at_most(5) == 0) json += R"(, "list": [1, {"x": )" + scalar() + "}]";
        sent_[index].push_back({device, json + "}"});
        return sent_[index].back();
    }

private:
    std::size_t at_most(std::size_t end) { return random_() % end; }
    std::string scalar() {
        switch (at_most(6)) {
            case 0: return "null";
            case 1: return "\"text " + std::to_string(at_most(9)) + "\"";
            case 2: return std::to_string(at_most(1'000)) + "." + std::to_string(at_most(100));
            case 3: return at_most(2) == 0 ? "true" : "1e300";
            case 4: return "9007199254740993";
            default: return "-" + std::to_string(at_most(50));
        }
    }

    std::mt19937_64 random_;
    int number_ = 0;
    std::map<PartitionIndex, std::vector<KeyedValue>> sent_;
};

} // namespace holdfast::test
