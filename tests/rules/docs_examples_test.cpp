// Goal: every example of docs/rules.md gives what the page says. Method: its blocks, in order:
// `events` are what the rules behind them run over, `rule` gives the lines of a dry run (without
// the counts), `refused` the end of the reason.
#include "support/sql_cases.hpp"

#include <holdfast/rules/dry_run.hpp>

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <vector>

using namespace holdfast;

namespace {

std::vector<std::string> lines_without_counts(const rules::DryRunResult& result) {
    std::vector<std::string> lines;
    std::istringstream in(rules::to_ndjson(result));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    lines.pop_back();
    return lines;
}

} // namespace

TEST_CASE("the examples of docs/rules.md give what it says", "[rules][docs]") {
    const auto blocks = test::read_sql_blocks("docs/rules.md");
    std::vector<rules::Event> events;
    std::size_t checked = 0;
    for (const test::SqlBlock& block : blocks) {
        CAPTURE(block.line, block.kind);
        if (block.kind == "events") {
            auto parsed = rules::parse_events(block.text() + "\n");
            REQUIRE(parsed);
            events = std::move(parsed).value();
            continue;
        }
        REQUIRE(block.has_expected);
        const auto result = rules::dry_run(block.text(), events);
        ++checked;
        if (block.kind == "rule") {
            INFO((result ? "" : result.error().context));
            REQUIRE(result);
            CHECK(lines_without_counts(result.value()) == block.expected);
            continue;
        }
        REQUIRE(block.kind == "refused");
        REQUIRE_FALSE(result);
        CHECK_THAT(result.error().context, Catch::EndsWith(block.expected.at(0)));
    }
    CHECK(checked == 10);
}
