// Goal: LIKE is what it is known as, and no text or pattern makes it slow. Method: all short texts
// and patterns against a matcher that tries everything; long ones that are hard for simple search.
#include "sql/text_search.hpp"

#include <holdfast/sql/function.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;

namespace {

// As the standard defines it, by trying.
bool tries(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '%') {
        for (std::size_t skip = 0; skip <= text.size(); ++skip)
            if (tries(text.substr(skip), pattern.substr(1))) return true;
        return false;
    }
    if (text.empty()) return false;
    const bool fits = pattern.front() == '_' || pattern.front() == text.front();
    return fits && tries(text.substr(1), pattern.substr(1));
}

std::vector<std::string> texts_of(const std::string& letters, std::size_t length) {
    std::vector<std::string> all{""};
    std::size_t first = 0;
    for (std::size_t i = 0; i < length; ++i) {
        const std::size_t end = all.size();
        for (; first < end; ++first)
            for (const char c : letters) all.push_back(all[first] + c);
    }
    return all;
}

} // namespace

TEST_CASE("LIKE is what trying everything says, for every short pattern", "[sql][like]") {
    const auto texts = texts_of("ab", 6);
    for (const std::string& pattern : texts_of("ab%_", 5))
        for (const std::string& text : texts) {
            if (sql::matches_like(text, pattern) == tries(text, pattern)) continue;
            CAPTURE(text, pattern);
            FAIL("differs");
        }
    SUCCEED();
}

TEST_CASE("an underscore is one character, however many bytes it has", "[sql][like]") {
    CHECK(sql::matches_like("t\u00fcr", "t_r"));
    CHECK(sql::matches_like("t\u00fcr", "%_r"));
    CHECK(sql::matches_like("\u20ac\u20ac", "__"));
    CHECK_FALSE(sql::matches_like("\u20ac", "__"));
    CHECK(sql::matches_like("a\u20acb", "%_b"));
    CHECK(sql::matches_like("a\u20acbc", "a_b%"));
    CHECK_FALSE(sql::matches_like("\u20ac", "%___"));
}

TEST_CASE("a search that is hard for simple ones ends", "[sql][like]") {
    // Quadratic, this is ten minutes; the test has no clock but that of whoever waits for it.
    const std::string text(60'000, 'x');
    const std::string part = std::string(30'000, 'x') + "y";
    for (int i = 0; i < 200; ++i) {
        CHECK_FALSE(sql::matches_like(text, "%" + part + "%"));
        CHECK(sql::find_text(text, part) == std::string_view::npos);
    }
    CHECK(sql::find_text("abc", "") == 0);
    CHECK(sql::find_text("", "a") == std::string_view::npos);
}
