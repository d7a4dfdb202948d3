// Goal: no test row is trained on, nor a row of its group, nor a later one, where that is promised.
#include <holdfast/ml/training/splits.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <set>

using namespace holdfast;
using ml::Fold;

namespace {

// Twelve devices of unlike many rows, whose rows come by turns.
struct Rows {
    std::vector<std::size_t> groups;
    std::vector<std::int64_t> times;
};
Rows rows() {
    Rows out;
    for (std::int64_t step = 0; step < 60; ++step)
        for (std::size_t device = 0; device < 12; ++device)
            if (step % static_cast<std::int64_t>(device + 1) == 0) {
                out.groups.push_back(100 + device);
                out.times.push_back(1'700'000'000'000 + 1000 * step);
            }
    return out;
}

template <typename Of>
auto values_of(const std::vector<std::size_t>& rows, const Of& of) {
    std::set<typename Of::value_type> out;
    for (const std::size_t row : rows) out.insert(of[row]);
    return out;
}

void check_apart(const Fold& fold) {
    CHECK(std::ranges::is_sorted(fold.train));
    CHECK(std::ranges::is_sorted(fold.test));
    CHECK_FALSE(fold.train.empty());
    CHECK_FALSE(fold.test.empty());
    for (const std::size_t row : fold.test)
        REQUIRE_FALSE(std::ranges::binary_search(fold.train, row));
}

void check_groups_apart(const Fold& fold, const Rows& data) {
    const auto trained = values_of(fold.train, data.groups);
    for (const std::size_t group : values_of(fold.test, data.groups))
        CHECK_FALSE(trained.contains(group));
}

void check_times_apart(const Fold& fold, const Rows& data) {
    CHECK(*values_of(fold.train, data.times).rbegin() < *values_of(fold.test, data.times).begin());
}

} // namespace

TEST_CASE("a split by time tests with the latest rows", "[ml][training]") {
    const Rows data = rows();
    const Fold fold = ml::split_by_time(data.times, 0.25).value();
    check_apart(fold);
    check_times_apart(fold, data);
    CHECK(fold.train.size() + fold.test.size() == data.times.size());
    CHECK(static_cast<double>(fold.test.size()) ==
          Approx(0.25 * static_cast<double>(data.times.size())).margin(12.0));
}

TEST_CASE("a split by group tests with whole groups", "[ml][training]") {
    const Rows data = rows();
    const Fold fold = ml::split_by_group(data.groups, 0.3, 1).value();
    check_apart(fold);
    check_groups_apart(fold, data);
    CHECK(fold.train.size() + fold.test.size() == data.groups.size());
    CHECK(ml::split_by_group(data.groups, 0.3, 1).value().test == fold.test);
    CHECK(ml::split_by_group(data.groups, 0.3, 2).value().test != fold.test);
}

TEST_CASE("folds of rows and of groups test each row once", "[ml][training]") {
    const Rows data = rows();
    for (const bool is_by_group : {false, true}) {
        const auto folds = is_by_group ? ml::group_folds(data.groups, 4, 1).value()
                                       : ml::row_folds(data.groups.size(), 4, 1).value();
        std::vector<std::size_t> tested;
        for (const Fold& fold : folds) {
            check_apart(fold);
            if (is_by_group) check_groups_apart(fold, data);
            CHECK(fold.train.size() + fold.test.size() == data.groups.size());
            tested.insert(tested.end(), fold.test.begin(), fold.test.end());
        }
        std::ranges::sort(tested);
        REQUIRE(tested.size() == data.groups.size());
        CHECK(std::ranges::adjacent_find(tested) == tested.end());
    }
}

TEST_CASE("folds by time train on what came before", "[ml][training]") {
    const Rows data = rows();
    std::size_t before = 0;
    const auto folds = ml::time_folds(data.times, 4).value();
    for (const Fold& fold : folds) {
        check_apart(fold);
        check_times_apart(fold, data);
        CHECK(fold.train.size() > before);
        before = fold.train.size();
    }
}

TEST_CASE("folds by both share neither devices nor time", "[ml][training]") {
    const Rows data = rows();
    const auto folds = ml::group_time_folds(data.groups, data.times, 3, 7).value();
    for (const Fold& fold : folds) {
        check_apart(fold);
        check_groups_apart(fold, data);
        check_times_apart(fold, data);
    }
}

TEST_CASE("what cannot be split is refused with the reason", "[ml][training]") {
    const std::array<std::int64_t, 3> same = {5, 5, 5};
    const std::array<std::size_t, 3> one = {1, 1, 1};
    CHECK(ml::split_by_time({}, 0.5).error().context == "no rows to split");
    CHECK(ml::split_by_time(same, 0.5).error().context ==
          "fold 0 has 3 rows to train on and 0 to test with");
    CHECK(ml::split_by_time(same, 1.0).error().context ==
          "a test of 1 is not a part between 0 and 1");
    CHECK(ml::split_by_group(one, 0.5, 1).error().context == "1 groups cannot be split");
    CHECK(ml::group_folds(one, 2, 1).error().context == "1 groups do not make 2 folds");
    CHECK(ml::row_folds(3, 1, 1).error().context == "1 folds: must be from 2 to 1000");
    CHECK(ml::row_folds(3, 4, 1).error().context == "3 rows do not make 4 folds");
    CHECK(ml::time_folds(same, 2).error().code == Errc::malformed);
    CHECK(ml::group_time_folds(one, {}, 2, 1).error().context == "3 groups for 0 times");
}
