// Goal: the figures of an independent implementation are read as they were written.
#include "ml/reference_figures.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

namespace holdfast::ml::reference {

Table table(const std::string& name) {
    std::ifstream in("tests/ml/reference/figures.txt");
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string found;
        std::size_t columns = 0;
        words >> found >> columns;
        if (found != name) continue;
        std::vector<double> values;
        for (std::string word; words >> word;) values.push_back(std::stod(word));
        auto read = Table::from_rows(values, columns);
        REQUIRE(read.has_value());
        return std::move(read).value();
    }
    FAIL("no figures of the name " << name);
    return {};
}

std::vector<double> figures(const std::string& name) {
    const Table read = table(name);
    REQUIRE(read.columns() == 1);
    const auto values = read.column(0);
    return {values.begin(), values.end()};
}

} // namespace holdfast::ml::reference

TEST_CASE("figures are read with their shape", "[ml][training]") {
    const auto x = holdfast::ml::reference::table("linear.x");
    CHECK(x.rows() == 40);
    CHECK(x.columns() == 4);
    CHECK(x(0, 0) == 0.264);
    CHECK(x(0, 1) == 8.4366);
    CHECK(holdfast::ml::reference::figures("linear.y").size() == 40);
}
