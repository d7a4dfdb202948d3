// Goal: an alarm survives being stored, damaged state is refused, and the registry lists what was
// applied last first.
#include "log/log_fixture.hpp"

#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/alarms/registry.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using alarms::Alarm;
using alarms::AlarmState;
using alarms::Severity;

namespace {

Alarm overheat(std::string key, AlarmState state = AlarmState::active) {
    Alarm alarm;
    alarm.source = "heat";
    alarm.name = "overheat";
    alarm.key = alarm.device = std::move(key);
    alarm.severity = Severity::critical;
    alarm.details_json = R"({"t":112.5})";
    alarm.raised_ms = 1000;
    alarm.occurrence = alarms::occurrence_id(alarm, 1);
    if (state == AlarmState::active) return alarm;
    alarm.state = state;
    alarm.cleared_ms = 2000;
    alarm.reason = alarms::ClearReason::cleared;
    return alarm;
}

} // namespace

TEST_CASE("a stored alarm is read back, and no prefix of it is", "[alarms]") {
    auto alarm = GENERATE(overheat("car-1"), overheat("", AlarmState::cleared));
    if (GENERATE(false, true)) {
        alarm.acknowledged = alarms::OperatorNote{1500, 0, "mia"};
        alarm.shelved = alarms::OperatorNote{1600, 9000, "jo"};
    }
    const auto change = alarms::state_change(alarm);
    CHECK(change.key == alarms::alarm_id(alarm));
    CHECK(alarms::decode_alarm(*change.value).value() == alarm);
    for (std::size_t size = 0; size < change.value->size(); ++size)
        CHECK(alarms::decode_alarm(change.value->substr(0, size)).has_error());
    CHECK(alarms::decode_alarm(*change.value + "x").error().code == Errc::corrupt);
    CHECK(alarms::decode_alarm("\x09").error().code == Errc::not_supported);
    CHECK(alarms::decode_alarm("\x02\x07").error().code == Errc::corrupt);
}

TEST_CASE("an alarm that got worse is read back, and is no second raise", "[alarms]") {
    alarms::Registry registry;
    Alarm alarm = overheat("car1");
    registry.apply({&alarm, 1});
    alarm.severity = alarms::Severity::critical;
    alarm.worsened_ms = alarm.raised_ms + 5;
    const auto change = alarms::state_change(alarm);
    CHECK(alarms::decode_alarm(*change.value).value() == alarm);
    for (std::size_t size = 0; size < change.value->size(); ++size)
        CHECK(alarms::decode_alarm(change.value->substr(0, size)).has_error());
    CHECK_THAT(alarms::to_json(alarm), Catch::Contains(R"("worsened_at":)"));
    registry.apply({&alarm, 1});
    CHECK(registry.totals().raised == 1);
    CHECK(registry.active_count() == 1);
    CHECK(registry.find(alarms::alarm_id(alarm))->severity == alarms::Severity::critical);
}

TEST_CASE("an id tells source, name and key apart", "[alarms]") {
    CHECK(alarms::alarm_id("a", "b", "c") == alarms::alarm_id("a", "b", "c"));
    CHECK(alarms::alarm_id("ab", "", "c") != alarms::alarm_id("a", "b", "c"));
    CHECK(alarms::alarm_id("a", "b", "c").size() == 16);
}

TEST_CASE("the topic of an alarm holds no wildcard and three levels", "[alarms]") {
    CHECK(alarms::alarm_topic(overheat("plant/1+#\n")) == "alarms/heat/overheat/plant_1___");
}

TEST_CASE("an alarm is JSON for people and programs", "[alarms]") {
    const std::string json = alarms::to_json(overheat("car\"1", AlarmState::cleared));
    CHECK(json == R"({"id":")" + alarms::alarm_id(overheat("car\"1")) +
                      R"(","source":"heat","name":"overheat","key":"car\"1","device":"car\"1",)" +
                      R"("state":"cleared","severity":"critical","occurrence":")" +
                      overheat("car\"1").occurrence + R"(","raised_at":1000,)" +
                      R"("cleared_at":2000,"reason":"cleared","details":{"t":112.5}})");
    CHECK(alarms::to_json(overheat("a")).find(R"("cleared_at":null,"reason":null,)") !=
          std::string::npos);
}

TEST_CASE("the registry knows what is active, newest change first", "[alarms]") {
    alarms::Registry registry(2);
    const Alarm a = overheat("a");
    const Alarm b = overheat("b");
    const Alarm all[] = {a, b, overheat("c"), overheat("a", AlarmState::cleared)};
    registry.apply(all);
    CHECK(registry.active_count() == 1);
    CHECK(registry.dropped() == 1);
    CHECK(registry.totals().raised == 3);
    CHECK(registry.totals("heat").cleared == 1);
    CHECK(registry.totals("other").raised == 0);
    const auto listed = registry.list({});
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].key == "a");
    CHECK(registry.list({AlarmState::active, "heat", 10}).size() == 1);
    CHECK(registry.list({AlarmState::active, "model", 10}).empty());
    CHECK(registry.list({{}, "", 1}).size() == 1);
    CHECK(registry.find(alarms::alarm_id(b))->key == "b");
    CHECK_FALSE(registry.find("0000000000000000"));
}

TEST_CASE("each raise is an occurrence of its own, the alarm stays the same", "[alarms]") {
    Alarm first = overheat("a");
    Alarm second = first;
    second.raised_ms = 5000;
    CHECK(alarms::alarm_id(first) == alarms::alarm_id(second));
    CHECK(alarms::occurrence_id(first, 1) != alarms::occurrence_id(second, 1));
    CHECK(alarms::occurrence_id(first, 1) != alarms::occurrence_id(first, 2)); // of one moment
    CHECK(alarms::occurrence_id(first, 1) != alarms::occurrence_id(overheat("b"), 1));
    CHECK(alarms::occurrence_id(first, 1) == alarms::occurrence_id(overheat("a"), 1));
}

TEST_CASE("an alarm whose rule goes is cleared for that reason, and not before it was raised",
          "[alarms]") {
    const Alarm gone = alarms::removed(overheat("a"), 3000);
    CHECK(gone.state == AlarmState::cleared);
    CHECK(gone.cleared_ms == 3000);
    CHECK(gone.occurrence == overheat("a").occurrence);
    CHECK(alarms::to_json(gone).find(R"("reason":"removed")") != std::string::npos);
    CHECK(alarms::removed(overheat("a"), 10).cleared_ms == 1000);
}

TEST_CASE("severities are ordered, and warning is minor", "[alarms]") {
    CHECK(Severity::info < Severity::minor);
    CHECK(Severity::minor < Severity::major);
    CHECK(Severity::major < Severity::critical);
    for (const Severity each :
         {Severity::info, Severity::minor, Severity::major, Severity::critical})
        CHECK(alarms::severity_from(alarms::to_string(each)) == each);
    CHECK(alarms::severity_from("warning") == Severity::minor);
    CHECK_FALSE(alarms::severity_from("Critical"));
    CHECK_FALSE(alarms::severity_from(""));
}

TEST_CASE("the registry gives what is at least so severe, and what one source has active",
          "[alarms]") {
    alarms::Registry registry;
    Alarm minor = overheat("a");
    minor.severity = Severity::minor;
    const Alarm all[] = {minor, overheat("b"), overheat("c", AlarmState::cleared)};
    registry.apply(all);
    alarms::Registry::Filter filter;
    filter.severity_min = Severity::major;
    CHECK(registry.list(filter).size() == 2);
    CHECK(registry.active_of("heat").size() == 2);
    CHECK(registry.active_of("other").empty());
}

TEST_CASE("a damaged alarm is left out of the registry, the others are loaded", "[alarms]") {
    test::LogFixture at;
    test::WaitedGroup group;
    group.state_changes.push_back(alarms::state_change(overheat("a")));
    group.state_changes.push_back(
        {alarms::kKeyspace, "0123456789abcdef", std::string("\x02\x00\x01", 3)});
    at.log->append(group);
    REQUIRE(group.wait());
    alarms::Registry registry;
    REQUIRE(registry.load(*at.log));
    CHECK(registry.list({}).size() == 1);
    CHECK(registry.active_count() == 1);

    test::WaitedGroup older;
    older.state_changes.push_back({alarms::kKeyspace, "1123456789abcdef", "\x01"});
    at.log->append(older);
    REQUIRE(older.wait());
    CHECK(registry.load(*at.log).error().code == Errc::not_supported);
}
