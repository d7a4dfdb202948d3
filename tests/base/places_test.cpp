// Goal: nobody holds more than it may, and what is given back is free again, also after the table
// is gone. Method: places taken and let go.
#include <holdfast/base/places.hpp>

#include <catch2/catch.hpp>

#include <optional>
#include <string>

using namespace holdfast;

TEST_CASE("each name holds so many, and none costs memory", "[base]") {
    std::optional<Places<std::string>> places(std::in_place);
    auto first = places->try_take("eve", 2);
    auto second = places->try_take("eve", 2);
    CHECK(first);
    CHECK(second);
    CHECK_FALSE(places->try_take("eve", 2));
    CHECK(places->try_take("adam", 2));
    CHECK(places->size() == 1); // adam's went at once
    auto copy = first;
    first.reset();
    CHECK_FALSE(places->try_take("eve", 2));
    copy.reset();
    CHECK(places->try_take("eve", 2));
    CHECK_FALSE(places->try_take("nobody", 0));
    CHECK(places->size() == 1);
    places.reset();
    second.reset(); // outlives the table
}
