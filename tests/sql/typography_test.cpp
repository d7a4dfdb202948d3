// Goal: what word processors put into SQL is named, with its place. Method: the tokens of texts
// with one such sign each.
#include <holdfast/sql/token.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using Catch::Contains;

TEST_CASE("marks and quotes of word processors are named, with their place", "[sql]") {
    struct Row {
        const char* sql;
        const char* says;
    };
    const auto row = GENERATE(values<Row>({
        {"\xEF\xBB\xBFSELECT 1", "line 1, column 1: a byte order mark"},
        {"SELECT\n \xE2\x80\x98x\xE2\x80\x99",
         "line 2, column 2: a typographic quote stands here; say '"},
        {"SELECT \xE2\x80\x9Cx\xE2\x80\x9D",
         "line 1, column 8: a typographic quote stands here; say \""},
        {"SELECT\xC2\xA0"
         "1",
         "line 1, column 7: a space that does not break"},
    }));
    const auto tokens = sql::tokenize(row.sql);
    REQUIRE_FALSE(tokens);
    CHECK_THAT(tokens.error().context, Contains(row.says));
}

TEST_CASE("inside a text and in a comment every sign is welcome", "[sql]") {
    CHECK(sql::tokenize("SELECT '\xE2\x80\x98x\xE2\x80\x99' -- \xE2\x80\x9C so \xE2\x80\x9D"));
}
