// Goal: k-means finds the centres that scikit-learn finds, whatever the seed, never loses a
// cluster, and says what it cannot do.
#include "ml/reference_figures.hpp"

#include <holdfast/ml/training/k_means.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <limits>

using namespace holdfast;
using ml::KMeans;
using ml::Table;

TEST_CASE("k-means has the centres that scikit-learn finds", "[ml][training]") {
    const Table x = ml::reference::table("clusters.x");
    const Table wanted = ml::reference::table("clusters.centres");
    const KMeans model = KMeans::fit(x, {.clusters = 3, .seed = GENERATE(1U, 2U, 3U)}).value();
    CHECK(model.inertia() == Approx(ml::reference::figures("clusters.inertia")[0]).epsilon(1e-12));
    for (std::size_t i = 0; i < 3; ++i) {
        std::array<double, 2> centre{};
        wanted.copy_row(i, centre);
        CHECK(model.nearest(centre).squared_distance == Approx(0.0).margin(1e-20));
    }
}

TEST_CASE("as many clusters as distinct rows fit exactly", "[ml][training]") {
    const Table x = Table::from_rows(std::array{1.0, 5.0, 1.0, 9.0, 5.0, 9.0, 1.0}, 1).value();
    CHECK(KMeans::fit(x, {.clusters = 3}).value().inertia() == 0.0);
    const auto more = KMeans::fit(x, {.clusters = 4});
    REQUIRE(more.has_error());
    CHECK(more.error() == fail(Errc::malformed, "3 distinct rows for 4 clusters"));
}

TEST_CASE("k-means refuses what it cannot train on", "[ml][training]") {
    const Table x = Table::from_rows(std::array{1.0, 2.0, 3.0}, 1).value();
    const auto reason = [&](const Table& table, ml::KMeansSettings settings) {
        const auto out = KMeans::fit(table, settings);
        return out ? std::string("trained") : out.error().context;
    };
    CHECK(reason(x, {.clusters = 0}) == "clusters of 0 is not from 1 to 1024");
    CHECK(reason(x, {.clusters = 2, .restarts = 0}) == "restarts of 0 is not from 1 to 100");
    CHECK(reason(Table(), {.clusters = 2}) == "nothing to train on: 0 rows of 0 features");
    const Table holes =
        Table::from_rows(std::array{1.0, std::numeric_limits<double>::quiet_NaN()}, 1).value();
    CHECK(reason(holes, {.clusters = 1}) == "feature 0 of row 1 is missing");
}

TEST_CASE("a cancelled k-means ends with the reason and gives nothing", "[ml][training]") {
    const Table x = ml::reference::table("clusters.x");
    std::stop_source stop;
    int reports = 0;
    const ml::RunControl control{stop.get_token(), [&](double part) {
                                     CHECK((part >= 0.0 && part <= 1.0));
                                     ++reports;
                                     stop.request_stop();
                                 }};
    const auto out = KMeans::fit(x, {.clusters = 3}, control);
    REQUIRE(out.has_error());
    CHECK(out.error().code == Errc::closed);
    CHECK(reports == 1);
}

TEST_CASE("k-means survives its bytes, and others' bytes are refused", "[ml][training]") {
    const KMeans model = KMeans::fit(ml::reference::table("clusters.x"), {.clusters = 3}).value();
    Bytes saved;
    model.save(saved);
    const KMeans restored = KMeans::restore(saved).value();
    CHECK(restored.inertia() == model.inertia());
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(std::ranges::equal(restored.centre(i), model.centre(i)));
    for (std::size_t size = 0; size < saved.size(); ++size)
        CHECK(KMeans::restore(ByteView(saved).first(size)).error().code == Errc::corrupt);
}
