// Goal: what an operator made of an occurrence outlives it, over restarts, within a bound. Method:
// a registry beside a log in a temporary directory.
#include "log/log_fixture.hpp"

#include <holdfast/alarms/labels.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/log/state_write.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using alarms::Alarm;
using alarms::Label;

namespace {

Alarm raised(const std::string& occurrence, std::int64_t at_ms = 100) {
    Alarm alarm;
    alarm.source = "coolant";
    alarm.name = "anomaly";
    alarm.key = alarm.device = "car7";
    alarm.raised_ms = at_ms;
    alarm.occurrence = occurrence;
    return alarm;
}

Alarm cleared(Alarm alarm, std::int64_t at_ms) {
    alarm.state = alarms::AlarmState::cleared;
    alarm.cleared_ms = at_ms;
    alarm.reason = alarms::ClearReason::cleared;
    return alarm;
}

Label labelled(const Alarm& alarm, bool is_true, std::int64_t at_ms = 5) {
    return alarms::label_of(alarm, {is_true, {at_ms, 0, "anne", "ü <b>"}});
}

struct Site {
    // As a model stores a change.
    void store(const Alarm& alarm) {
        std::vector<log::StateChange> changes{alarms::state_change(alarm)};
        if (alarm.cleared_ms)
            if (auto end = registry.label_end(alarm)) changes.push_back(*end);
        REQUIRE(log::StateWrite::write(*log.log, changes));
        registry.apply({&alarm, 1});
    }
    void label(const Label& label) {
        REQUIRE(log::StateWrite::write(*log.log, registry.changes_for(label)));
        registry.label(label);
    }
    void restart() { REQUIRE(registry.load(*log.log)); }
    std::string shown() { // the label of the one alarm
        const auto alarm = registry.list({}).at(0);
        return alarm.label ? std::string(alarms::to_string(*alarm.label)) : "none";
    }
    test::LogFixture log;
    alarms::Registry registry;
};

} // namespace

TEST_CASE("a label reads as it was written", "[alarms]") {
    const Label said = labelled(cleared(raised("fedcba9876543210"), 170), true);
    const auto change = alarms::state_change(said);
    REQUIRE(change.value);
    const auto read = alarms::decode_label(change.key, *change.value);
    REQUIRE(read);
    CHECK(read.value() == said);
    for (std::size_t size = 0; size < change.value->size(); ++size) {
        CAPTURE(size);
        const auto cut = alarms::decode_label(change.key, change.value->substr(0, size));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == Errc::corrupt);
    }
    CHECK_FALSE(alarms::decode_label(change.key, *change.value + "x"));
    CHECK_FALSE(alarms::decode_label("short", *change.value));
}

TEST_CASE("a label is of one occurrence, and outlives it", "[alarms]") {
    Site site;
    site.store(raised("1"));
    CHECK(site.shown() == "none");
    const auto change = site.registry.next_change();
    site.label(labelled(raised("1"), true));
    CHECK(site.shown() == "true");
    CHECK(site.registry.changed_since(change, 10).alarms.size() == 1); // live views follow it
    CHECK_FALSE(site.registry.active_of("coolant")[0].label);          // as the model stored it
    CHECK_THAT(
        alarms::to_json(site.registry.list({}).at(0)),
        Catch::Contains(R"("label":"true","labelled":{"at":5,"by":"anne","comment":"ü <b>"})"));
    site.store(cleared(raised("1"), 170));
    site.restart();
    CHECK(site.shown() == "true");
    site.store(raised("2", 300));
    CHECK(site.shown() == "none");
    site.label(labelled(raised("2", 300), false, 6));
    site.restart();
    CHECK(site.shown() == "false");
    const auto labels = site.registry.labels_of("coolant");
    REQUIRE(labels.size() == 2);
    CHECK(labels[0].occurrence == "2"); // the newest first
    CHECK_FALSE(labels[0].cleared_ms);
    CHECK(labels[1].said.is_true);
    CHECK(labels[1].raised_ms == 100);
    CHECK(labels[1].cleared_ms == 170); // it was labelled while it was active
    CHECK(site.registry.labels_of("other").empty());
}

TEST_CASE("a label is set right, and taken back", "[alarms]") {
    Site site;
    site.store(raised("1"));
    site.label(labelled(raised("1"), true));
    site.label(labelled(raised("1"), false));
    CHECK(site.shown() == "false");
    CHECK(site.registry.labels_of("coolant").size() == 1);
    const auto known = site.registry.find_label(alarms::alarm_id(raised("1")), "1");
    REQUIRE(known);
    REQUIRE(log::StateWrite::write(*site.log.log, {alarms::removal_of(*known)}));
    site.registry.unlabel(*known);
    CHECK(site.shown() == "none");
    site.restart();
    CHECK(site.shown() == "none");
}

TEST_CASE("a damaged label stops no start", "[alarms]") {
    Site site;
    site.store(raised("1"));
    site.label(labelled(raised("1"), true));
    for (const char* key : {"", "0123456789abcdef1"})
        REQUIRE(log::StateWrite::write(*site.log.log, {{alarms::kLabelsKeyspace, key, "\x07x"}}));
    site.restart();
    CHECK(site.shown() == "true");
    CHECK(site.registry.labels_of("coolant").size() == 1);
}

TEST_CASE("of more labels than may be the oldest goes: of the source, then of all", "[alarms]") {
    alarms::Labels labels(2, 3);
    const auto put = [&](const std::string& source, const std::string& occurrence,
                         std::int64_t at_ms) {
        Alarm alarm = raised(occurrence);
        alarm.source = source;
        const Label label = labelled(alarm, true, at_ms);
        const Label* const goes = labels.displaced_by(label);
        const std::string gone = goes == nullptr ? "" : goes->source + goes->occurrence;
        labels.put(label);
        return gone;
    };
    CHECK(put("a", "1", 1).empty());
    CHECK(put("a", "2", 2).empty());
    CHECK(put("a", "1", 3).empty()); // the same again, and now the newer one
    CHECK(put("a", "3", 4) == "a2");
    CHECK(put("b", "1", 5).empty());
    CHECK(put("c", "1", 6) == "a1");
    CHECK(labels.of("a").size() == 1);
}

TEST_CASE("an alarm whose label went for a newer one has none, at once", "[alarms]") {
    alarms::Registry registry;
    for (int i = 0; i <= 1'000; ++i) {
        Alarm alarm = raised(std::to_string(i));
        alarm.key = alarm.device = "car" + std::to_string(i);
        registry.apply({&alarm, 1});
        registry.label(labelled(alarm, true, i));
    }
    CHECK(registry.labels_of("coolant").size() == 1'000);
    alarms::Registry::Filter all;
    all.limit = 2'000;
    std::vector<std::string> without;
    for (const Alarm& alarm : registry.list(all))
        if (!alarm.label) without.push_back(alarm.key);
    CHECK(without == std::vector<std::string>{"car0"});
}
