// Goal: files that spreadsheets write are read as they mean, broken ones named with their line.
#include <load/replay/csv.hpp>

#include <catch2/catch.hpp>

#include <sstream>

using holdfast::Errc;
using holdfast::load::CsvReader;

namespace {

std::vector<std::vector<std::string>> rows_of(const std::string& text) {
    std::istringstream in(text);
    CsvReader reader(in);
    std::vector<std::vector<std::string>> rows;
    for (;;) {
        auto row = reader.next();
        REQUIRE(row);
        if (row.value().empty()) return rows;
        rows.push_back(std::move(row).value());
    }
}

} // namespace

TEST_CASE("rows end with LF, CRLF or the file", "[load][csv]") {
    const std::vector<std::vector<std::string>> expected{{"a", "b"}, {"1", "2"}, {"3", ""}};
    CHECK(rows_of("a,b\n1,2\n3,") == expected);
    CHECK(rows_of("a,b\r\n1,2\r\n\r\n3,\r\n") == expected);
}

TEST_CASE("a quoted field holds commas, quotes and line ends", "[load][csv]") {
    CHECK(rows_of("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\n") ==
          std::vector<std::vector<std::string>>{{"a,b", "say \"hi\"", "two\nlines", ""}});
}

TEST_CASE("broken CSV is refused with its line", "[load][csv]") {
    struct Row {
        const char* what;
        const char* text;
    };
    const auto row = GENERATE(values<Row>({
        {"an open quote", "a\n\"b"},
        {"text behind a quote", "a\n\"b\"c\n"},
    }));
    CAPTURE(row.what);
    std::istringstream in(row.text);
    CsvReader reader(in);
    REQUIRE(reader.next());
    const auto second = reader.next();
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::malformed);
    CHECK(second.error().context.find("line 2") != std::string::npos);
}

TEST_CASE("a row longer than the bound is refused", "[load][csv]") {
    std::istringstream in(std::string(2'000'000, 'x'));
    CsvReader reader(in);
    const auto row = reader.next();
    REQUIRE_FALSE(row);
    CHECK(row.error().code == Errc::malformed);
}
