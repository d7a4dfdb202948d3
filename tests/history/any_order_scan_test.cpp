// Goal: a reading in any order has the rows that one by time has. Method: rows of several shapes,
// late and repeated, in heads and chunks, read both ways over ranges that cut chunks.
#include "history/store_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using column::Value;
using Lines = std::vector<std::string>;

Lines rows_of(const StoreFixture& site, const history::ScanRequest& request) {
    const auto reading = site.store->read(request);
    Lines lines;
    for (history::ScanBatch batch; reading->next(batch).value();)
        for (std::size_t row = 0; row < batch.rows(); ++row)
            lines.push_back(StoreFixture::line(batch, row));
    std::sort(lines.begin(), lines.end());
    return lines;
}

void tell_some(StoreFixture& site, std::mt19937_64& random) {
    for (int i = 0; i < 300; ++i) {
        const bool is_late = random() % 10 == 0;
        const auto second = is_late ? static_cast<std::int64_t>(random() % 900) : 3 * site.next;
        const std::int64_t ts_us = kStartUs + second * 1'000'000;
        const auto number = static_cast<std::int64_t>(random() % 4);
        switch (random() % 3) {
            case 0: site.tell("a", ts_us, {{"v", Value::of_int(number)}}); break;
            case 1: site.tell("a", ts_us, {{"w", Value::of_text("text")}}); break;
            default:
                site.tell("a", ts_us, {{"v", Value::of_float(0.5)}, {"w", Value::of_bool(true)}});
        }
    }
}

} // namespace

TEST_CASE("rows in any order are those by time", "[history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 6));
    CAPTURE(seed);
    StoreFixture site;
    std::mt19937_64 random(seed);
    tell_some(site, random);
    if (seed % 2 == 0) REQUIRE(site.store->seal_all());
    tell_some(site, random);
    for (const std::int64_t from_s : {std::int64_t{-1}, std::int64_t{100}, std::int64_t{701}})
        for (const std::int64_t to_s : {from_s, from_s + 50, from_s + 5'000}) {
            CAPTURE(from_s, to_s);
            history::ScanRequest request{site.from.stream, "a", {"w", "v"}};
            request.from_us = kStartUs + from_s * 1'000'000;
            request.to_us = kStartUs + to_s * 1'000'000;
            const Lines by_time = rows_of(site, request);
            request.in_any_order = true;
            CHECK(rows_of(site, request) == by_time);
            CHECK((from_s + 5'000 != to_s || !by_time.empty()));
        }
}

TEST_CASE("rows that lack a needed field are those that may be left out", "[history]") {
    StoreFixture site;
    std::mt19937_64 random(1);
    tell_some(site, random);
    REQUIRE(site.store->seal_all());
    tell_some(site, random);
    history::ScanRequest request{site.from.stream, "a", {"v", "w"}};
    Lines wanted = rows_of(site, request);
    const auto lacks = [](const std::string& line) { return line.find(":-") != std::string::npos; };
    REQUIRE(std::any_of(wanted.begin(), wanted.end(), lacks));
    std::erase_if(wanted, lacks);
    request.needed = {0};
    for (const bool in_any_order : {false, true}) {
        request.in_any_order = in_any_order;
        Lines found = rows_of(site, request);
        std::erase_if(found, lacks);
        CHECK(found == wanted);
    }
}
