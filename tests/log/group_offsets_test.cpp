// Goal: consumer groups find again what they committed, alone or with records in one write, until
// it expires.
#include "log/log_fixture.hpp"

#include <holdfast/log/group_offsets.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

log::GroupOffset at_offset(PartitionId partition, Offset offset, std::string metadata = "") {
    return {partition, offset, -1, std::move(metadata), 0};
}

bool nobody(std::string_view) {
    return false;
}

} // namespace

TEST_CASE("a group's offsets are kept by partition, also after a restart", "[log][groups]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 2);
    const PartitionId b{a.stream, 1};
    {
        log::GroupOffsets groups(*at.log, at.clock);
        CHECK(groups.of("g").value().empty());
        CHECK(groups.groups().value().empty());
        REQUIRE(groups.commit("g", std::vector{at_offset(b, 7, "m"), at_offset(a, 3)}));
        REQUIRE(groups.commit("g", std::vector{at_offset(a, 4)}));
        REQUIRE(groups.commit("g2", std::vector{at_offset(a, 1)})); // whose name begins alike
    }
    if (GENERATE(false, true)) at.reopen();
    log::GroupOffsets groups(*at.log, at.clock);
    CHECK(groups.groups().value() == std::vector<std::string>{"g", "g2"});
    const auto offsets = groups.of("g").value();
    REQUIRE(offsets.size() == 2);
    CHECK(offsets[0] == log::GroupOffset{a, 4, -1, "", at.clock.now_ms()});
    CHECK(offsets[1] == log::GroupOffset{b, 7, -1, "m", at.clock.now_ms()});
    CHECK(groups.find("g", b).value()->offset == 7);
    CHECK_FALSE(groups.find("g2", b).value());
    REQUIRE(groups.remove("g"));
    CHECK(groups.of("g").value().empty());
    CHECK(groups.of("g2").value().size() == 1);
    CHECK(groups.remove("g").error().code == Errc::not_found);
}

TEST_CASE("offsets are stored with records or not at all", "[log][groups]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    log::GroupOffsets groups(*at.log, at.clock);
    WaitedGroup group;
    group.add(a, {"v"});
    group.state_changes = groups.changes("g", std::vector{at_offset(a, 1)}).value();
    at.log->append(group);
    REQUIRE(group.wait());
    CHECK(groups.find("g", a).value()->offset == 1);
}

TEST_CASE("a wrong name or offset is refused by its reason", "[log][groups]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    log::GroupOffsets groups(*at.log, at.clock);
    const std::vector<std::string> names{"", std::string(256, 'g'), std::string("a\0b", 3), "\xff"};
    for (const std::string& name : names)
        CHECK(groups.commit(name, std::vector{at_offset(a, 1)}).error().code == Errc::malformed);
    CHECK(groups.commit("g", std::vector{at_offset(a, -1)}).error().code == Errc::malformed);
    CHECK(groups.commit("g", std::vector{at_offset(a, 1, std::string(4097, 'm'))}).error().code ==
          Errc::malformed);
}

TEST_CASE("old offsets expire unless the group is active, and those of deleted streams",
          "[log][groups]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    const PartitionId gone = at.make_stream("gone");
    log::GroupOffsets groups(*at.log, at.clock);
    REQUIRE(groups.commit("old", std::vector{at_offset(a, 1)}));
    REQUIRE(groups.commit("active", std::vector{at_offset(a, 1)}));
    at.clock.advance_ms(1000);
    REQUIRE(groups.commit("young", std::vector{at_offset(a, 1), at_offset(gone, 1)}));
    REQUIRE(at.log->delete_stream("gone"));
    CHECK(groups.expire(at.clock.now_ms(), [](std::string_view name) { return name == "active"; })
              .value() == 2);
    CHECK(groups.groups().value() == std::vector<std::string>{"active", "young"});
    CHECK(groups.of("young").value().size() == 1);
    CHECK(groups.expire(at.clock.now_ms(), nobody).value() == 1);
}
