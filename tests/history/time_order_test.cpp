// Goal: rows are put in the order of their times, and those of one time stay as they were. Method:
// rows of every number of runs, from a seed, beside std::stable_sort's definition.
#include "history/time_order.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace holdfast;

namespace {

struct Row {
    std::int64_t time = 0;
    std::size_t came = 0;
    friend bool operator==(const Row&, const Row&) = default;
};

} // namespace

TEST_CASE("rows of one time stay in the order in which they came", "[history][time_order]") {
    std::mt19937_64 random(7);
    const auto below = [&random](std::uint64_t end) { return random() % end; };
    for (int round = 0; round < 300; ++round) {
        std::vector<Row> rows;
        std::int64_t now = 0;
        const std::uint64_t breaks = 1 + below(40); // the share of rows that begin a new run
        for (std::uint64_t left = below(200); left > 0; --left) {
            now = below(40) < breaks ? static_cast<std::int64_t>(below(50)) : now + 1;
            rows.push_back({now, rows.size()});
        }
        std::vector<Row> expected = rows;
        std::sort(expected.begin(), expected.end(), [](const Row& left, const Row& right) {
            return std::pair(left.time, left.came) < std::pair(right.time, right.came);
        });
        history::sort_by_time(rows, [](const Row& row) { return row.time; });
        REQUIRE(rows == expected);
    }
}
