// Goal: after a write that failed history comes back by itself once the disk is well, and until
// then it says so. Method: a store on storage that fails; the housekeeping's look by hand.
#include "app/parts/history_revival.hpp"
#include "history/store_fixture.hpp"
#include "support/log_site.hpp"

#include <holdfast/config/config.hpp>
#include <holdfast/kv/simulated_storage.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

TEST_CASE("history that a failed write stopped comes back when the disk is well",
          "[app][history]") {
    kv::SimulatedStorage disk(1);
    StoreFixture site;
    site.store.reset();
    std::filesystem::remove_all(site.options.directory);
    site.options.storage = disk.storage();
    site.start();
    app::Ground ground(config::defaults());
    app::HistoryRevival revival(ground, *site.store);
    revival.look();
    CHECK_THAT(ground.metrics.render(), Contains("holdfast_history_stopped 0\n"));

    disk.fail_after(1);
    const auto values = {with("n", 1)};
    const history::NewRow row{"pump", second(1), second(1), 0, values};
    (void)site.store->add(site.from, {&row, 1}, 1);
    REQUIRE_FALSE(site.store->seal_all());
    revival.look(); // tries at once, in vain
    revival.look(); // and not again before its pause is over
    CHECK(site.store->stopped());
    CHECK_THAT(ground.metrics.render(), Contains("holdfast_history_stopped 1\n") &&
                                            Contains("holdfast_history_reopened_total 0\n"));

    disk.heal();
    CHECK(eventually([&] {
        revival.look();
        return !site.store->stopped();
    }));
    CHECK_THAT(ground.metrics.render(), Contains("holdfast_history_stopped 0\n") &&
                                            Contains("holdfast_history_reopened_total 1\n"));
    REQUIRE(site.store->add(site.from, {&row, 1}, 1));
    CHECK(site.store->seal_all());
}
