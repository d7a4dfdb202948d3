// Goal: an alarm survives being stored, damaged state is refused, and the registry lists what was
// applied last first.
#include <holdfast/alarms/registry.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using alarms::Alarm;
using alarms::AlarmState;

namespace {

Alarm overheat(std::string key, AlarmState state = AlarmState::active) {
    Alarm alarm{"heat", "overheat", key, key, state, "critical", R"({"t":112.5})", 1000, {}};
    if (state == AlarmState::cleared) alarm.cleared_ms = 2000;
    return alarm;
}

} // namespace

TEST_CASE("a stored alarm is read back, and no prefix of it is", "[alarms]") {
    const auto alarm = GENERATE(overheat("car-1"), overheat("", AlarmState::cleared));
    const auto change = alarms::state_change(alarm);
    CHECK(change.key == alarms::alarm_id(alarm));
    CHECK(alarms::decode_alarm(*change.value).value() == alarm);
    for (std::size_t size = 0; size < change.value->size(); ++size)
        CHECK(alarms::decode_alarm(change.value->substr(0, size)).has_error());
    CHECK(alarms::decode_alarm(*change.value + "x").error().code == Errc::corrupt);
    CHECK(alarms::decode_alarm("\x09").error().code == Errc::not_supported);
    CHECK(alarms::decode_alarm("\x01\x07").error().code == Errc::corrupt);
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
                      R"("state":"cleared","severity":"critical","raised_at":1000,)" +
                      R"("cleared_at":2000,"details":{"t":112.5}})");
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
