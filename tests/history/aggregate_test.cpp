// Goal: aggregates are those of the rows that a scan gives, whatever of them lies in heads, in
// chunks or in chunks that overlap, and headers are asked wherever they can answer. Method: messy
// rows from a seed, told to a store with small chunks, sealed and read again at random; sums of
// quarters are exact, so answers are compared to the bit.
#include "history/store_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <optional>
#include <random>

using namespace holdfast;
using namespace holdfast::test;
using column::Value;
using history::AggregateRequest;
using history::Bucket;
using history::FieldAggregate;

namespace {

using Lines = std::vector<std::string>;

// 1 and 1.0 are the same least; a sum of both may be either.
std::string number(const Value& value) {
    return value.is_null() ? "-" : fmt::format("{}", value.as_float());
}

// The bucket of all time begins before any other.
std::int64_t since_start(std::int64_t us) {
    return us == INT64_MIN ? us : us - kStartUs;
}

std::string line(const Bucket& bucket, bool with_extremes) {
    std::string out = fmt::format("{} rows {}", since_start(bucket.start_us), bucket.rows);
    for (const FieldAggregate& field : bucket.fields) {
        out += fmt::format(" | {} {} min {} max {} sum {} first {} last {}", field.count,
                           field.numbers, number(field.min), number(field.max), number(field.sum),
                           number(field.first), number(field.last));
        if (with_extremes && field.numbers > 0)
            out += fmt::format(" at {} {}", field.min_us - kStartUs, field.max_us - kStartUs);
    }
    return out;
}

Lines aggregate(const StoreFixture& site, const AggregateRequest& request,
                history::AggregateCost* cost = nullptr) {
    const auto aggregation = site.store->aggregate(request);
    Lines out;
    for (std::vector<Bucket> buckets;;) {
        auto any = aggregation->next(buckets);
        if (!any) return {"error: " + any.error().context};
        if (!any.value()) break;
        REQUIRE_FALSE(buckets.empty());
        for (const Bucket& each : buckets) out.push_back(line(each, request.with_extremes));
    }
    if (cost != nullptr) *cost = aggregation->cost();
    return out;
}

// The same by the rows of a scan, one after the other.
Lines by_scan(const StoreFixture& site, const AggregateRequest& request) {
    std::map<std::int64_t, Bucket> buckets;
    const auto each = [&](const history::ScanBatch& batch) {
        for (std::size_t row = 0; row < batch.rows(); ++row) {
            const std::int64_t us = batch.ts_us[row];
            std::int64_t start = request.from_us;
            if (request.step_us != 0) {
                start = request.origin_us;
                start += (us - start) / request.step_us * request.step_us;
                if (start > us) start -= request.step_us;
            }
            Bucket& bucket = buckets[start];
            bucket.start_us = start;
            bucket.fields.resize(request.fields.size());
            ++bucket.rows;
            for (std::size_t i = 0; i < request.fields.size(); ++i)
                bucket.fields[i].add(us, batch.columns[i].at(row));
        }
        return true;
    };
    REQUIRE(site.store->scan(request.stream, request.device, request.fields, request.from_us,
                             request.to_us, each));
    Lines out;
    for (const auto& [start, bucket] : buckets) out.push_back(line(bucket, request.with_extremes));
    return out;
}

struct Messages {
    explicit Messages(std::uint32_t seed) : random(seed) {}

    std::mt19937_64 random;
    std::int64_t now = 0; // seconds
    std::int64_t below(std::int64_t end) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
    }

    Value value() {
        const std::int64_t kind = below(40);
        if (kind == 0) return {};
        if (kind == 1) return Value::of_text("out of order");
        if (kind == 2) return Value::of_bool(true);
        if (kind < 20) return Value::of_int(below(200) - 100);
        return Value::of_float(static_cast<double>(below(4'000) - 2'000) / 4);
    }
    // Long runs of one shape and type, so that some chunks are plain.
    void tell(StoreFixture& site) {
        const bool is_plain = now % 50'000 < 30'000;
        now += below(120);
        const bool is_late = below(25) == 0;
        const std::int64_t at = is_late ? below(now + 1) : now;
        const std::string device = below(5) == 0 ? "b" : "a";
        const auto v = is_plain ? Value::of_float(static_cast<double>(below(99)) / 4) : value();
        if (below(6) == 0)
            site.tell(device, second(at), {{"v", v}, with("x", 1)});
        else
            site.tell(device, second(at), {{"v", v}, {"w", is_plain ? Value::of_int(7) : value()}});
        if (below(30) == 0) site.tell(device, second(at), {{"v", v}, with("x", 1)});
        if (below(30) == 0) site.tell(device, second(at), {{"v", v}, with("x", 1)}); // twice
    }
};

} // namespace

TEST_CASE("aggregates are those of the rows of a scan", "[history][aggregate]") {
    const auto seed = GENERATE(1U, 2U, 3U, 4U);
    CAPTURE(seed);
    StoreFixture site;
    site.options.partition_us = kDayUs;
    site.reopen();
    Messages messages(seed);
    for (int i = 0; i < 3'000; ++i) {
        messages.tell(site);
        if (messages.below(700) == 0) REQUIRE(site.store->seal_all());
        if (messages.below(1'500) == 0) {
            REQUIRE(site.store->seal_all());
            site.reopen();
        }
    }
    std::uint64_t headers = 0;
    for (int i = 0; i < 60; ++i) {
        AggregateRequest request;
        request.stream = site.from.stream;
        request.device.assign(1, messages.below(4) == 0 ? 'b' : 'a');
        request.fields = i % 3 == 0 ? std::vector<std::string>{"v"}
                                    : std::vector<std::string>{"w", "nowhere", "v", "x"};
        request.step_us =
            std::vector<std::int64_t>{0, 60, 3'600, 40'000,
                                      90'000}[static_cast<std::size_t>(messages.below(5))] *
            1'000'000;
        request.origin_us = messages.below(2) * 1'234'567;
        request.with_extremes = messages.below(3) == 0;
        if (messages.below(2) == 0) {
            request.from_us = second(messages.below(messages.now));
            request.to_us = request.from_us + messages.below(messages.now) * 1'000'000 + 1;
        }
        CAPTURE(i, request.step_us, request.from_us, request.to_us);
        history::AggregateCost cost;
        const Lines found = aggregate(site, request, &cost);
        REQUIRE(found == by_scan(site, request));
        headers += cost.headers;
    }
    CHECK(headers > 100);
}

TEST_CASE("chunks inside of a bucket are answered by their headers", "[history][aggregate]") {
    StoreFixture site;
    for (int i = 0; i < 64; ++i) site.tell("d", second(i), {with("v", i), with("w", 0.5)});
    AggregateRequest request{site.from.stream, "d", {"v"}};
    history::AggregateCost cost;
    const std::string all = " | 64 64 min 0 max 63 sum 2016 first 0 last 63";
    request.from_us = second(0);
    CHECK(aggregate(site, request, &cost) == Lines{"0 rows 64" + all});
    CHECK(cost.headers == 4);
    CHECK(cost.chunks == 0);
    SECTION("but not those that a bound or a border cuts") {
        request.to_us = second(40);
        CHECK(aggregate(site, request, &cost).size() == 1);
        CHECK(cost.headers == 2);
        CHECK(cost.chunks == 1);
        request.step_us = 20'000'000;
        CHECK(aggregate(site, request, &cost) ==
              Lines{"0 rows 20 | 20 20 min 0 max 19 sum 190 first 0 last 19",
                    "20000000 rows 20 | 20 20 min 20 max 39 sum 590 first 20 last 39"});
        CHECK(cost.chunks == 2);
    }
    SECTION("nor where a row that is not sealed lies among theirs") {
        site.tell("d", second(20), {with("v", 20), with("w", 0.5)}); // delivered twice
        CHECK(aggregate(site, request, &cost) == Lines{"0 rows 64" + all});
        CHECK(cost.headers == 3);
        CHECK(cost.chunks == 1);
    }
    SECTION("nor where the times of extremes are asked for") {
        request.with_extremes = true;
        CHECK(aggregate(site, request, &cost) == Lines{"0 rows 64" + all + " at 0 63000000"});
        CHECK(cost.chunks == 4);
    }
}

TEST_CASE("a sum of integers goes on as a double", "[history][aggregate]") {
    StoreFixture site;
    for (int i = 0; i < 48; ++i) site.tell("d", second(i), {{"v", Value::of_int(INT64_MAX / 3)}});
    const auto aggregation = site.store->aggregate({site.from.stream, "d", {"v"}});
    std::vector<Bucket> buckets;
    REQUIRE(aggregation->next(buckets).value());
    const FieldAggregate& v = buckets.at(0).fields.at(0);
    CHECK(v.sum.type() == column::Type::float64);
    CHECK(v.sum.as_float() == Approx(16.0 * static_cast<double>(INT64_MAX)));
    CHECK(v.mean().as_float() == Approx(static_cast<double>(INT64_MAX) / 3));
    CHECK(v.max.as_int() == INT64_MAX / 3);
    CHECK_FALSE(aggregation->next(buckets).value());
}

TEST_CASE("aggregates end by the bound on memory, and when they are told to",
          "[history][aggregate]") {
    StoreFixture site;
    for (int i = 0; i < 160; ++i) site.tell("d", second(i), {with("v", i)});
    AggregateRequest request{site.from.stream, "d", {"v"}};
    request.step_us = 1'000'000;
    request.bytes_max = 8'000;
    CHECK(
        aggregate(site, request) ==
        Lines{"error: history of 'd': buckets of more than 8000 bytes; ask for a wider step, less "
              "time or fewer fields"});
    request.bytes_max = SIZE_MAX;
    int asked = 0;
    request.check = [&asked]() -> Result<void> {
        if (++asked < 4) return ok();
        return fail(Errc::closed, "nobody waits for it");
    };
    CHECK(aggregate(site, request) == Lines{"error: nobody waits for it"});
    CHECK(aggregate(site, {site.from.stream, "nobody", {"v"}}).empty());
}
