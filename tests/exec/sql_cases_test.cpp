// Goal: every clause, function and refusal of queries. Method: files of SQL with the expected
// answer (tests/sql/cases, and the examples in docs/sql.md), run over records and tables in memory.
#include "support/sql_cases.hpp"
#include "support/run_query.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

using namespace holdfast;
using test::SqlBlock;
using test::TestRows;

namespace {

constexpr std::int64_t kNowUs = 1'714'557'600'000'000; // 2024-05-01T10:00:00Z

// `name(a, b)`
void add_table(TestRows& rows, const std::string& head, const std::vector<std::string>& lines) {
    sql::TableSchema schema;
    const std::size_t open = head.find('(');
    schema.name = head.substr(0, open);
    std::istringstream columns(head.substr(open + 1, head.find(')') - open - 1));
    for (std::string name; std::getline(columns, name, ',');)
        schema.columns.push_back({name.substr(name.find_first_not_of(' ')), column::Type::null});
    const std::string name = schema.name;
    rows.add_table(std::move(schema));
    for (const auto& line : lines) rows.add_row(name, line);
}

// One a second from kNowUs less an hour on, in the order of the file.
void add_records(TestRows& rows, const std::vector<std::string>& lines, std::int64_t& arrival_ms) {
    for (const auto& line : lines) {
        const std::size_t space = line.find(' ');
        rows.add_record(line.substr(0, space), line.substr(space + 1), arrival_ms);
        arrival_ms += 1000;
    }
}

// Without the blanks that people write between elements.
std::string compact(const std::string& json) {
    std::string out;
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '"' && (i == 0 || json[i - 1] != '\\')) in_text = !in_text;
        if (json[i] != ' ' || in_text) out += json[i];
    }
    return out;
}

void check(const SqlBlock& block, const TestRows& rows) {
    const std::vector<column::Value> numbered{column::Value::of_int(7),
                                              column::Value::of_text("m1")};
    const std::vector<std::pair<std::string, column::Value>> named{
        {"limit", column::Value::of_float(20.5)}, {"name", column::Value::of_text("b")}};
    const auto answer = test::run_query(block.text(), rows, sql::Bindings{kNowUs, numbered, named});
    if (block.kind == "error") {
        CHECK(std::vector{answer ? "served" : answer.error().context} == block.expected);
        return;
    }
    if (!answer) {
        CHECK(answer.error().context == "an answer");
        return;
    }
    std::vector<std::string> got = answer.value().rows;
    std::vector<std::string> expected = block.expected;
    if (block.kind.starts_with("query"))
        for (auto& each : expected) each = compact(each);
    if (block.kind.find(" sorted") != std::string::npos) {
        std::sort(got.begin(), got.end());
        std::sort(expected.begin(), expected.end());
    }
    CHECK(got == expected);
    if (const auto at = block.kind.find(" mismatches "); at != std::string::npos)
        CHECK(answer.value().mismatches == std::stoull(block.kind.substr(at + 12)));
}

std::vector<std::string> case_files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator("tests/sql/cases"))
        if (entry.path().extension() == ".test") files.push_back(entry.path().string());
    if (std::filesystem::exists("docs/sql.md")) files.emplace_back("docs/sql.md");
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

TEST_CASE("queries give what their case files say", "[exec][sql]") {
    const auto files = case_files();
    REQUIRE_FALSE(files.empty());
    std::size_t cases = 0;
    for (const auto& file : files) {
        TestRows rows;
        std::int64_t arrival_ms = kNowUs / 1000 - 3'600'000;
        for (const SqlBlock& block : test::read_sql_blocks(file)) {
            INFO(file << ":" << block.line);
            if (block.kind == "records") {
                add_records(rows, block.lines, arrival_ms);
            } else if (block.kind.starts_with("table ")) {
                add_table(rows, block.kind.substr(6), block.lines);
            } else if (block.kind.starts_with("stream ")) {
                const std::size_t equals = block.kind.find(" = ");
                rows.add_stream(block.kind.substr(7, equals - 7), block.kind.substr(equals + 3));
            } else if (block.has_expected) {
                ++cases;
                check(block, rows);
            } else if (!file.ends_with(".md")) {
                FAIL("a block that is no case");
            }
        }
    }
    CHECK(cases > 10);
}
