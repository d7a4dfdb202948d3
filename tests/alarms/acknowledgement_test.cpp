// Goal: an acknowledgement holds for one occurrence, over restarts, whatever its rule stores
// meanwhile. Method: a registry beside a log in a temporary directory.
#include "log/log_fixture.hpp"

#include <holdfast/alarms/acknowledgement.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/log/state_write.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using alarms::Acknowledgement;
using alarms::Alarm;
using alarms::AlarmState;

namespace {

struct Site {
    void store(const Alarm& alarm) {
        REQUIRE(log::StateWrite::write(*log.log, {alarms::state_change(alarm)}));
        registry.apply({&alarm, 1});
    }
    void acknowledge(const Alarm& alarm, const std::string& comment) {
        const Acknowledgement said{alarm_id(alarm), alarm.occurrence, {5, 0, "anne", comment}};
        REQUIRE(log::StateWrite::write(*log.log, {alarms::state_change(said)}));
        registry.acknowledge(said);
    }
    std::string comment() { // of the one alarm
        const auto all = registry.list({});
        REQUIRE(all.size() == 1);
        return all[0].acknowledged ? all[0].acknowledged->comment : "none";
    }
    test::LogFixture log;
    alarms::Registry registry;
};

Alarm raised(const std::string& occurrence) {
    Alarm alarm;
    alarm.source = "overheat";
    alarm.name = "too hot";
    alarm.key = "press-1";
    alarm.occurrence = occurrence;
    return alarm;
}

Alarm cleared(Alarm alarm) {
    alarm.state = AlarmState::cleared;
    alarm.cleared_ms = 10;
    alarm.reason = alarms::ClearReason::cleared;
    return alarm;
}

} // namespace

TEST_CASE("an acknowledgement reads as it was written", "[alarms]") {
    const Acknowledgement said{"0123456789abcdef", "fedcba9876543210", {17, 0, "anne", "ü <b>"}};
    const auto change = alarms::state_change(said);
    CHECK(change.key == said.alarm);
    REQUIRE(change.value);
    const auto read = alarms::decode_acknowledgement(change.key, *change.value);
    REQUIRE(read);
    CHECK(read.value() == said);
    for (std::size_t size = 0; size < change.value->size(); ++size) {
        CAPTURE(size);
        const auto cut = alarms::decode_acknowledgement("x", change.value->substr(0, size));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == Errc::corrupt);
    }
    CHECK_FALSE(alarms::decode_acknowledgement("x", *change.value + "x"));
}

TEST_CASE("what was acknowledged stays so until it is raised again, over restarts", "[alarms]") {
    Site site;
    site.store(raised("1"));
    CHECK(site.comment() == "none");
    site.acknowledge(raised("1"), "seen");
    CHECK(site.comment() == "seen");
    site.store(cleared(raised("1")));
    CHECK(site.comment() == "seen");
    site.acknowledge(raised("1"), "understood");
    REQUIRE(site.registry.load(*site.log.log));
    CHECK(site.comment() == "understood");
    site.store(raised("2"));
    CHECK(site.comment() == "none");
    site.acknowledge(raised("1"), "too late");
    CHECK(site.comment() == "none");
    REQUIRE(site.registry.load(*site.log.log));
    CHECK(site.comment() == "none");
}

TEST_CASE("a damaged acknowledgement stops no start", "[alarms]") {
    Site site;
    site.store(raised("1"));
    REQUIRE(log::StateWrite::write(
        *site.log.log, {{alarms::kAcknowledgementsKeyspace, alarm_id(raised("1")), "\x07x"}}));
    REQUIRE(site.registry.load(*site.log.log));
    CHECK(site.comment() == "none");
}

TEST_CASE("changes are told from a number on, an acknowledgement among them", "[alarms]") {
    Site site;
    site.store(raised("1"));
    const auto change = site.registry.next_change();
    CHECK(site.registry.changed_since(change, 10).alarms.empty());
    site.acknowledge(raised("1"), "seen");
    const auto changed = site.registry.changed_since(change, 10);
    REQUIRE(changed.alarms.size() == 1);
    CHECK(changed.alarms[0].acknowledged->by == "anne");
    CHECK(changed.next_change == site.registry.next_change());
    CHECK(site.registry.active_count() == 1);
    CHECK(site.registry.totals().raised == 1);
    CHECK_FALSE(site.registry.active_of("overheat")[0].acknowledged); // as the rule stored it
    CHECK_THAT(alarms::to_json(changed.alarms[0]),
               Catch::Contains(R"("acknowledged":{"at":5,"by":"anne","comment":"seen"})"));
}
