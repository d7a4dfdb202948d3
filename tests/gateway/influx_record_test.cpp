// Goal: a point becomes the record that docs/rest/influx.md describes. Method: points in, records
// out, no server.
#include <gateway/rest/influx_record.hpp>
#include <holdfast/influx/line_reader.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using gateway::NamedValues;

namespace {

Result<gateway::NewRecord> record_of(std::string_view text, std::string_view header = "") {
    influx::LineReader reader(text, influx::Precision::ms);
    influx::Line line;
    REQUIRE(reader.next(line).value());
    return gateway::influx_record(line, gateway::device_tags(header));
}

} // namespace

TEST_CASE("fields stand below their measurement, the tags beside it", "[gateway][influx]") {
    const auto record = record_of("mem,host=web1,site=north used=7i,free=2.5,ok=t 1714554000123");
    CHECK(record.value().key == "web1");
    CHECK(record.value().value ==
          R"({"mem":{"used":7,"free":2.5,"ok":true},"tags":{"site":"north"}})");
    CHECK(record.value().headers == NamedValues{{"ts", "1714554000123"}});
    CHECK_FALSE(record.value().timestamp_ms); // the log's own time is that of its arrival
}

TEST_CASE("a point without a time has none", "[gateway][influx]") {
    CHECK(record_of("m f=1").value().headers.empty());
}

TEST_CASE("values keep type and digits", "[gateway][influx]") {
    const auto value = [](std::string_view field) {
        return record_of("m,host=h f=" + std::string(field)).value().value.value();
    };
    CHECK(value("1") == R"({"m":{"f":1.0}})");
    CHECK(value("-0") == R"({"m":{"f":-0.0}})");
    CHECK(value("0.1") == R"({"m":{"f":0.1}})");
    CHECK(value("1e300") == R"({"m":{"f":1e+300}})");
    CHECK(value("18446744073709551615u") == R"({"m":{"f":18446744073709551615}})");
    CHECK(value(R"("a\"b\\")") == R"({"m":{"f":"a\"b\\"}})");
    CHECK(value("\"a\nb\"") == R"({"m":{"f":"a\nb"}})");
}

TEST_CASE("the device is the first tag that is named so", "[gateway][influx]") {
    CHECK(record_of("m,host=h,device=d f=1").value().key == "d");
    CHECK(record_of("m,host=h,device=d f=1", "machine, host").value().key == "h");
    CHECK(record_of("m,host=h,machine=x f=1", " machine ,host").value().key == "x");
}

TEST_CASE("a point without such a tag is the device of its tags, in any order",
          "[gateway][influx]") {
    CHECK(record_of("temperature,room=k,floor=1 v=1").value().key == "temperature,floor=1,room=k");
    CHECK(record_of("temperature,floor=1,room=k v=1").value().key == "temperature,floor=1,room=k");
    CHECK(record_of("temperature,floor=1,room=k v=1").value().value ==
          R"({"temperature":{"v":1.0},"tags":{"floor":"1","room":"k"}})");
    CHECK(record_of("m v=1", "host").value().key == "m");
}

TEST_CASE("what has no place in a record is refused", "[gateway][influx]") {
    CHECK(record_of("tags f=1").error().context.find("'tags'") != std::string::npos);
    CHECK(record_of("m f=1 -1").error().context.find("1970") != std::string::npos);
    CHECK_FALSE(record_of("m f=1 9223372036854775807"));
}
