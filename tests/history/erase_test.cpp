// Goal: a device that is erased is gone, from the files too, others are as they were, and what the
// log tells again of it stays away, through restarts and from the begin; what it says later is kept
// as of a new device. Method: generated rows, told again after crashes and into an empty history.
#include "history/store_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr int kRows = 400;
const std::vector<std::string> kFields = {"temp", "state", "secret"};

struct Told {
    std::string device;
    std::int64_t ts_us = 0;
    std::vector<history::FieldValue> values;
};

// Over some weeks, some late; the erased device has a shape of its own, too.
std::vector<Told> generate(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Told> rows;
    for (int i = 0; i < kRows; ++i) {
        Told row{fmt::format("pump-{}", random() % 4), second(0) + i * kDayUs / 16, {}};
        if (random() % 10 == 0) row.ts_us -= static_cast<std::int64_t>(random() % 20) * kDayUs;
        row.values = {with("temp", i)};
        if (random() % 3 == 0) row.values.push_back(with("state", "on"));
        if (row.device == "pump-1" && random() % 2 == 0)
            row.values.push_back(with("secret", "of pump one"));
        rows.push_back(std::move(row));
    }
    return rows;
}

struct Site : StoreFixture {
    explicit Site(std::uint64_t seed = 5) : rows(generate(seed)) {}
    std::vector<Told> rows;

    void tell_from(Offset begin, Offset end = kRows) {
        for (Offset at = begin; at < end; ++at) {
            const Told& row = rows[static_cast<std::size_t>(at)];
            tell_at(at, row.device, row.ts_us, row.values);
        }
    }
    history::ErasedDevice erase(Offset below = 0) {
        auto erased = store->erase(from.stream, "pump-1", {{from.index, below}});
        if (!erased) throw std::runtime_error(erased.error().context);
        return erased.value();
    }
    [[nodiscard]] std::vector<std::vector<std::string>> others() const {
        return {read("pump-0", kFields), read("pump-2", kFields), read("pump-3", kFields)};
    }
    [[nodiscard]] bool is_in_files(std::string_view text) const {
        for (const auto& file : std::filesystem::directory_iterator(options.directory)) {
            std::ifstream in(file.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            if (bytes.find(text) != std::string::npos) return true;
        }
        return false;
    }
    void check_gone() const {
        CHECK(read("pump-1", kFields).empty());
        CHECK(store->devices(from.stream) ==
              std::vector<std::string>{"pump-0", "pump-2", "pump-3"});
        CHECK_FALSE(store->summary(from.stream, "pump-1"));
        CHECK(store->latest(from.stream, "pump-1").value().values.empty());
        CHECK(store->fields(from.stream, "pump-1").empty());
        CHECK(store->fields(from.stream, 100) == std::vector<std::string>{"temp", "state"});
    }
};

} // namespace

TEST_CASE("an erased device is gone and stays away from what is told again", "[history]") {
    const bool is_sealed = GENERATE(false, true);
    Site site(GENERATE(5U, 6U, 7U));
    site.tell_from(0);
    if (is_sealed) REQUIRE(site.store->seal_all());
    const auto others = site.others();
    const auto messages = site.store->summary(site.from.stream, "pump-1")->messages;

    const auto erased = site.erase();
    CHECK(erased.rows == messages);
    CHECK(erased.below == history::Offsets{{0, kRows}});
    site.check_gone();
    CHECK(site.others() == others);
    // A crash: what was in heads is told again.
    site.reopen();
    site.tell_from(0);
    site.check_gone();
    CHECK(site.others() == others);
    REQUIRE(site.store->seal_all());
    site.reopen();
    site.check_gone();
    CHECK(site.others() == others);
}

TEST_CASE("a history that is built anew leaves out what is being erased", "[history]") {
    Site site;
    site.tell_from(0);
    const auto others = site.others();
    site.store.reset();
    std::filesystem::remove_all(site.options.directory);
    site.start();
    CHECK(site.erase(kRows).rows == 0);
    site.tell_from(0);
    site.check_gone();
    CHECK(site.others() == others);
}

TEST_CASE("what an erased device says later is kept as of a new one", "[history]") {
    Site site;
    site.tell_from(0);
    site.erase(kRows + 10); // the log is ahead of what was told
    site.tell_at(kRows, "pump-1", second(1), {with("temp", 1)});
    site.check_gone();
    site.tell_at(kRows + 10, "pump-1", second(2), {with("temp", 2)});
    CHECK(site.read("pump-1", {"temp"}) == std::vector<std::string>{"2:2"});
    CHECK(site.store->summary(site.from.stream, "pump-1")->messages == 1);
    REQUIRE(site.store->seal_all());
    // Asked for again, as after a crash: it takes nothing more.
    const auto again = site.erase(kRows);
    CHECK(again.rows == 0);
    CHECK(again.below == history::Offsets{{0, kRows + 10}});
    CHECK(site.read("pump-1", {"temp"}) == std::vector<std::string>{"2:2"});
    site.reopen();
    CHECK(site.read("pump-1", {"temp"}) == std::vector<std::string>{"2:2"});
    // And a second time, up to now.
    CHECK(site.erase(kRows + 11).rows == 1);
    site.check_gone();
}

TEST_CASE("an erasure ends once the log has nothing to tell", "[history]") {
    Site site;
    site.tell_from(0);
    site.erase();
    site.reopen();
    CHECK(site.store->erasures().size() == 1);
    REQUIRE(site.store->end_erasure(site.from.stream, "pump-1"));
    REQUIRE(site.store->end_erasure(site.from.stream, "nobody"));
    CHECK(site.store->erasures().empty());
    site.reopen();
    CHECK(site.store->erasures().empty());
}

TEST_CASE("a log that is older than an erasure is told anew", "[history]") {
    Site site;
    site.tell_from(0);
    site.erase();
    REQUIRE(site.store->rewind(site.from, 100));
    for (const bool is_reopened : {false, true}) {
        if (is_reopened) site.reopen();
        site.tell_at(99, "pump-1", second(1), {with("temp", 1)});
        site.check_gone();
    }
    site.tell_at(100, "pump-1", second(2), {with("temp", 2)});
    CHECK(site.read("pump-1", {"temp"}) == std::vector<std::string>{"2:2"});
}

TEST_CASE("nothing of an erased device is left in the files", "[history]") {
    Site site;
    site.tell_from(0);
    REQUIRE(site.store->seal_all());
    if (GENERATE(false, true)) site.reopen();
    CHECK(site.is_in_files("of pump one"));
    site.erase();
    if (GENERATE(false, true)) site.reopen(); // as a crash between the two
    REQUIRE(site.store->rewrite_erased(site.from.stream, "pump-1", {}));
    site.store.reset(); // obsolete files go with it at the latest
    CHECK_FALSE(site.is_in_files("of pump one"));
    CHECK_FALSE(site.is_in_files("secret"));
}

TEST_CASE("devices come and go, and others keep their places", "[history]") {
    Site site;
    std::mt19937_64 random(3);
    std::map<std::string, std::vector<std::string>> expected;
    for (int round = 0; round < 300; ++round) {
        const std::string device = fmt::format("pump-{}", random() % 6);
        if (random() % 12 == 0) {
            REQUIRE(site.store->erase(site.from.stream, device, {}));
            REQUIRE(site.store->end_erasure(site.from.stream, device));
            expected.erase(device);
        } else if (random() % 40 == 0) {
            REQUIRE(site.store->seal_all());
            site.reopen();
        } else {
            site.tell(device, second(round), {with("temp", round)});
            expected[device].push_back(fmt::format("{0}:{0}", round));
        }
    }
    CHECK(site.store->counts().groups == expected.size());
    for (int i = 0; i < 6; ++i) {
        const std::string device = fmt::format("pump-{}", i);
        CHECK(site.read(device, {"temp"}) == expected[device]);
    }
}
