// Goal: single values are found in JSON text as simdjson would find them, and nothing that is no
// JSON, however damaged, is read past its end.
#include <holdfast/column/json_path.hpp>
#include <holdfast/column/json_text.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

namespace {

std::string at(const std::string& json, const std::string& path) {
    column::TextArena arena;
    column::Path parsed;
    if (!path.empty()) parsed = column::Path::parse(path).value();
    std::string out;
    column::append_json(out, column::json_at(json, parsed, arena));
    return out;
}

} // namespace

TEST_CASE("a path finds members and elements, from either end", "[column]") {
    const std::string json =
        R"( {"a": {"b": [10, 2.5, {"c": "x"}]}, "odd key": true, "a": 5, "n": null} )";
    CHECK(at(json, "a.b[0]") == "10");
    CHECK(at(json, "a.b[1]") == "2.5");
    CHECK(at(json, "a.b[-1].c") == "\"x\"");
    CHECK(at(json, "a.b[-4]") == "null");
    CHECK(at(json, "a.b[3]") == "null");
    CHECK(at(json, "\"odd key\"") == "true");
    CHECK(at(json, "n") == "null");
    CHECK(at(json, "missing.x") == "null");
    CHECK(at(json, "a.b[2]") == R"("{\"c\": \"x\"}")");
}

TEST_CASE("escapes are undone, in names too, and wrong ones give nothing", "[column]") {
    CHECK(at(R"({"a\u0062": "q\"\\\/\n\t\u00e9\ud83d\ude00"})", "ab") == "\"q\\\"\\\\/\\n\\té😀\"");
    CHECK(at(R"({"a": "\ud83d"})", "a") == "null");
    CHECK(at(R"({"a": "\x"})", "a") == "null");
}

TEST_CASE("numbers are exact within 64 bits and doubles beyond", "[column]") {
    CHECK(at("9223372036854775807", "") == "9223372036854775807");
    CHECK(at("9223372036854775808", "") == "9.223372036854776e+18");
    CHECK(at("1e3", "") == "1000.0");
    CHECK(at("1e999", "") == "null");
    CHECK(at("-", "") == "null");
}

TEST_CASE("every beginning of a document is read without harm", "[column]") {
    const std::string json = R"({"a": [1, {"b": "x\u00e9"}, [[]]], "c": "\\"})";
    column::TextArena arena;
    for (std::size_t size = 0; size < json.size(); ++size) {
        const std::string_view part = std::string_view(json).substr(0, size);
        CHECK(column::json_at(part, column::Path::parse("a[1].b").value(), arena).is_null());
        std::string_view element;
        for (column::JsonElements all(part); all.next(element);) CHECK_FALSE(element.empty());
    }
}

TEST_CASE("elements come one by one", "[column]") {
    std::vector<std::string> found;
    std::string_view element;
    for (column::JsonElements all(R"( [1, "a,]", [2, 3] , {"x": [4]}] )"); all.next(element);)
        found.emplace_back(element);
    CHECK(found == std::vector<std::string>{"1", "\"a,]\"", "[2, 3]", R"({"x": [4]})"});
    column::JsonElements none("[]");
    CHECK_FALSE(none.next(element));
    column::JsonElements object("{}");
    CHECK_FALSE(object.next(element));
}
