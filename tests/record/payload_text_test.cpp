// Goal: a device is found in a payload wherever its path says, and nowhere else.
#include <holdfast/record/payload_text.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using record::payload_text;

TEST_CASE("a scalar at a path is given as text", "[record]") {
    const ByteView payload = as_bytes(
        R"({"vin":"WVW-1","n":-7,"big":18446744073709551615,"x":1.5,"on":true,"off":false,)"
        R"("vehicle":{"vin":"inner","a~b":"tilde","a/b":"slash"}})");
    CHECK(payload_text(payload, "vin") == "WVW-1");
    CHECK(payload_text(payload, "n") == "-7");
    CHECK(payload_text(payload, "big") == "18446744073709551615");
    CHECK(payload_text(payload, "x") == "1.5");
    CHECK(payload_text(payload, "on") == "true");
    CHECK(payload_text(payload, "off") == "false");
    CHECK(payload_text(payload, "vehicle.vin") == "inner");
    CHECK(payload_text(payload, "vehicle.a~b") == "tilde");
    CHECK(payload_text(payload, "vehicle.a/b") == "slash");
}

TEST_CASE("a number that is too large beside a device does not hide it", "[record]") {
    CHECK(payload_text(as_bytes(R"({"x":1e400,"vin":"WVW-1","y":123456789012345678901})"), "vin") ==
          "WVW-1");
}

TEST_CASE("no device is found in what has none", "[record]") {
    CHECK_FALSE(payload_text(as_bytes(R"({"vin":null})"), "vin"));
    CHECK_FALSE(payload_text(as_bytes(R"({"vin":{}})"), "vin"));
    CHECK_FALSE(payload_text(as_bytes(R"({"vin":["a"]})"), "vin"));
    CHECK_FALSE(payload_text(as_bytes(R"({"other":"a"})"), "vin"));
    CHECK_FALSE(payload_text(as_bytes(R"({"vin":"a")"), "vin")); // the document is not whole
    CHECK_FALSE(payload_text(as_bytes("{\"vin\":\"\xFF\"}"), "vin"));
    CHECK_FALSE(payload_text(as_bytes("not JSON"), "vin"));
    CHECK_FALSE(payload_text({}, "vin"));
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    CHECK_FALSE(payload_text(as_bytes(deep), "vin"));
}
