// Goal: a query that bounds no time has all rows that history or the log still has, each once,
// whichever of the two lets go first. Method: messages as devices send them at their worst, among
// them such that say nothing, told to a store in steps with seals, restarts and the retention of
// both in between; the oracle is a log of the same records that keeps everything.
#include "query/history_site.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Question {
    const char* select;
    const char* where;
    const char* behind;
};
const Question kQuestions[] = {
    {"ts, device, n, temp, door.why", "true", ""},
    {"ts, device", "true", ""},
    {"count(*)", "true", ""},
    {"count(*), count(temp), sum(n), min(n), max(n)", "true", ""},
    {"device, count(*), count(temp), min(n), max(n)", "true", "GROUP BY device"},
    {"time_bucket(1d, ts) AS t, device, count(*), sum(n)", "true", "GROUP BY t, device"},
    {"n, list", "list IS NOT NULL", ""},
    {"n, ts", "device IN ('d1', 'd2')", ""},
    {"n", "ts < '2024-09-20'", ""},
    {"count(n)", "ts >= '2024-09-12' AND ts < '2024-09-29'", ""},
    {"device, last_value(n) OVER (PARTITION BY device ORDER BY n) AS l", "temp > 5", ""},
};

// A site, and the same records in a log that keeps everything.
class TwoSites {
public:
    explicit TwoSites(std::uint64_t seed) : devices_(seed), random_(seed) {
        whole_.history.store.reset();
    }

    void append() {
        for (PartitionIndex index : {0U, 1U}) {
            std::vector<KeyedValue> records;
            for (std::size_t i = at_most(25); i > 0; --i) {
                records.push_back(devices_.next(index, false));
                if (at_most(8) == 0) records.push_back(nothing(records.back().key));
            }
            if (records.empty()) continue;
            site.append(index, records);
            whole_.append(index, records);
        }
        site.log.clock.advance_ms(86'400'000);
    }
    // History follows from here on, where it does not already.
    void tell() {
        for (PartitionIndex index : {0U, 1U}) {
            const auto [begun, is_new] = begun_.try_emplace(index, log_start(index));
            if (is_new) // as its reader does that finds the log begin further on
                REQUIRE(site.history.store->add({site.stream, index}, {}, begun->second));
            for (std::size_t steps = at_most(4); steps > 0; --steps) site.tell(index);
        }
    }
    // The log lets go of what is older than its retention, and in chunks once history follows.
    void retain_log() {
        log::Wanted wanted{{}, ~std::uint64_t{0}};
        for (const auto& [index, from] : begun_)
            wanted.from[{site.stream, index}] =
                site.history.store->sealed_below({site.stream, index});
        REQUIRE(site.log.log->apply_retention(site.log.clock.now_ms(), wanted));
    }
    void retain_history(std::int64_t days) {
        REQUIRE(site.history.store->drop_before(kStartUs - days * kDayUs));
    }

    void check() {
        // As long as history has nothing of it, the stream is what the log says.
        const bool is_log_alone = site.history.store->fields(site.stream, 1).empty();
        const char* said = is_log_alone ? "true" : "n IS NOT NULL";
        for (const Question& question : kQuestions)
            for (const bool counts_in_history : {true, false}) {
                site.settings.counts_in_history = counts_in_history;
                const std::string sql =
                    fmt::format("SELECT {} FROM telemetry WHERE {} {}", question.select,
                                question.where, question.behind);
                const std::string there =
                    fmt::format("SELECT {} FROM telemetry WHERE {} AND ({}) AND ({}) {}",
                                question.select, said, question.where, is_there(), question.behind);
                CAPTURE(sql, there, counts_in_history);
                CHECK(site.sorted(sql, "telemetry") == whole_.sorted(there, "telemetry@log"));
            }
    }
    [[nodiscard]] std::size_t at_most(std::size_t end) { return random_() % end; }
    [[nodiscard]] Offset log_start(PartitionIndex index) const {
        return site.log.log->bounds({site.stream, index}).value().log_start_offset;
    }

    HistorySite site;

private:
    KeyedValue nothing(const std::string& device) {
        switch (at_most(6)) {
            case 0: return {device, std::nullopt};
            case 3: return {"\xFF", R"({"v": 1})"};
            case 4: return {"", R"({"v": 1})"};
            case 1: return {device, " { } "};
            case 2: return {device, R"({"n": 5, "ts": 1)"};
            default: return {device, ""};
        }
    }
    // What is in the log, or was followed and is not over.
    [[nodiscard]] std::string is_there() const {
        const auto from_us = site.history.store->coverage(site.stream).from_us;
        std::string out = "false";
        for (PartitionIndex index : {0U, 1U}) {
            out += fmt::format(" OR (partition = {} AND offset >= {})", index, log_start(index));
            if (const auto begun = begun_.find(index); begun != begun_.end())
                out += fmt::format(
                    " OR (partition = {} AND offset >= {} AND ts >= make_timestamp({}))", index,
                    begun->second, std::max<std::int64_t>(from_us, 0));
        }
        return out;
    }

    HistorySite whole_;
    MessyDevices devices_;
    std::mt19937_64 random_;
    std::map<PartitionIndex, Offset> begun_; // where history began to follow
};

} // namespace

TEST_CASE("a query without a bound of time has what history and what the log still has",
          "[query][history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 7));
    CAPTURE(seed);
    TwoSites sites(seed);
    const bool is_late = seed % 2 == 0; // history is switched on when the log has let go of some
    std::int64_t kept_days = 35;
    for (int round = 0; round < 16; ++round) {
        CAPTURE(round);
        sites.append();
        if (!is_late || round >= 9) sites.tell();
        if (sites.at_most(3) == 0) REQUIRE(sites.site.history.store->seal_all());
        if (sites.at_most(5) == 0) sites.site.history.reopen();
        if (seed % 3 != 0 && sites.at_most(2) == 0) sites.retain_log();
        if (seed % 4 != 1 && sites.at_most(3) == 0) sites.retain_history(kept_days -= 7);
        if (round % 4 == 3) sites.check();
    }
    sites.site.tell_all();
    sites.check();
}

TEST_CASE("history keeps more than the log, and the log what history dropped", "[query][history]") {
    HistorySite site;
    const std::int64_t old_s = kStartUs / 1'000'000 - 20 * 86'400;
    site.append(0, {{"a", fmt::format(R"({{"ts": {}, "n": 1}})", old_s)},
                    {"a", fmt::format(R"({{"ts": {}, "n": 2}})", old_s + 15 * 86'400)}});
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    REQUIRE(site.history.store->drop_before(kStartUs - 10 * kDayUs));
    CHECK(site.sorted("SELECT n FROM telemetry", "telemetry") == Lines{"[1]", "[2]"});
    CHECK(site.rows("SELECT n FROM telemetry@history") == Lines{"[2]"});
    CHECK(site.rows("SELECT count(*), sum(n) FROM telemetry") == Lines{"[2,3]"});

    site.log.clock.advance_ms(30LL * 86'400'000);
    site.append(0, {{"a", R"({"n": 3})"}});
    REQUIRE(site.log.log->apply_retention(site.log.clock.now_ms()));
    CHECK(site.sorted("SELECT n FROM telemetry", "telemetry") == Lines{"[2]", "[3]"});
    CHECK(site.rows("SELECT n FROM telemetry@log") == Lines{"[3]"});
    CHECK(site.rows("SELECT count(*), sum(n) FROM telemetry") == Lines{"[2,5]"});
}

TEST_CASE("after a start no row counts twice, also before history has read the log again",
          "[query][history]") {
    HistorySite site;
    site.settings.counts_in_history = GENERATE(true, false);
    // The first keeps the checkpoint where it is; the second fills a chunk.
    std::vector<KeyedValue> records{{"slow", R"({"n": 0})"}};
    for (int n = 1; n <= 20; ++n) records.push_back({"fast", fmt::format(R"({{"n": {}}})", n)});
    site.append(0, records);
    site.tell_all();
    site.history.reopen();
    const auto count = [&](const std::string& of) {
        return site.rows(fmt::format("SELECT count(*), sum(n) FROM {}", of)).at(0);
    };
    CHECK_THAT(count("telemetry"),
               Catch::Contains("error: history reads again") && Catch::Contains("device 'fast'"));
    CHECK_THAT(site.rows("SELECT n FROM telemetry").back(), Catch::Contains("device 'fast'"));
    CHECK(count("telemetry@history") == "[20,210]");
    CHECK(count("telemetry@log") == "[21,210]");
    CHECK(count("telemetry WHERE device = 'slow'") == "[1,0]");
    site.tell_all();
    CHECK(count("telemetry") == "[21,210]");
}

TEST_CASE("retention that goes on while a query runs hides no row that the log has",
          "[query][history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 5));
    CAPTURE(seed);
    HistorySite site;
    MessyDevices devices(seed);
    for (PartitionIndex index : {0U, 1U}) {
        std::vector<KeyedValue> records;
        for (int i = 0; i < 100; ++i) records.push_back(devices.next(index, false));
        site.append(index, records);
    }
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    std::int64_t kept_days = 36;
    Collected found = site.ask("SELECT n, device FROM telemetry", {}, [&] {
        kept_days -= 7;
        REQUIRE(site.history.store->drop_before(kStartUs - kept_days * kDayUs));
    });
    std::sort(found.lines.begin(), found.lines.end());
    CHECK(found.lines == site.sorted("SELECT n, device FROM telemetry", "telemetry@log"));
}

TEST_CASE("EXPLAIN says of a stream whether history answers with the log, and why not",
          "[query][history]") {
    HistorySite site;
    const auto says = [&](const std::string& sql, const std::string& what) {
        CAPTURE(sql);
        CHECK_THAT(site.rows("EXPLAIN " + sql).back(), Catch::Contains(what));
    };
    says("SELECT v FROM telemetry", "from the log alone: history has nothing of it");
    site.history.options.bounds.fields_per_device = 3;
    site.history.reopen();
    site.append(0, {{"a", R"({"v": 1, "door": {"open": true}})"}});
    site.tell_all();
    says("SELECT v FROM telemetry", "from history and log");
    says("SELECT v, payload FROM telemetry", "from the log alone: history does not keep payload");
    says("SELECT door FROM telemetry", "from the log alone: history has door in another form");
    CHECK(site.rows("EXPLAIN SELECT v FROM telemetry@log").back().find("alone") ==
          std::string::npos);
    site.append(0, {{"a", R"({"v": 1, "w": 2, "x": 3})"}});
    site.tell_all();
    says("SELECT v FROM telemetry", "from the log alone: something of it was over a bound");
}
