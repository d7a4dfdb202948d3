// Goal: what InfluxDB's line protocol says is read as it says it, and what is no line is named with
// its place and costs no other line. Method: the reference's rules and examples, every prefix.
#include <holdfast/influx/line_reader.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using influx::Line;
using influx::LineReader;
using influx::Precision;
using influx::Value;

namespace {

Line only(std::string_view text, Precision precision = Precision::ns) {
    LineReader reader(text, precision);
    Line line;
    const auto read = reader.next(line);
    INFO((read ? std::string("") : read.error().context));
    REQUIRE(read);
    REQUIRE(read.value());
    Line more;
    CHECK_FALSE(reader.next(more).value());
    return line;
}

Value value_of(std::string_view text) {
    const Line line = only("m f=" + std::string(text));
    REQUIRE(line.fields.size() == 1);
    return line.fields[0].second;
}

std::string error_of(std::string_view text) {
    LineReader reader(text, Precision::ns);
    Line line;
    const auto read = reader.next(line);
    REQUIRE_FALSE(read);
    return read.error().context;
}

// Measurements of the good lines, and the errors between them.
std::vector<std::string> all_of(std::string_view text) {
    LineReader reader(text, Precision::ns);
    std::vector<std::string> out;
    for (Line line;;) {
        const auto read = reader.next(line);
        if (read && !read.value()) return out;
        out.push_back(read ? line.measurement : read.error().context);
    }
}

} // namespace

TEST_CASE("a line has a measurement, tags, fields and a time", "[influx]") {
    const Line line = only("cpu,host=web1,cpu=cpu0 idle=97.5,procs=7i 1714554000123456789\n");
    CHECK(line.measurement == "cpu");
    using Tags = std::vector<std::pair<std::string, std::string>>;
    CHECK(line.tags == Tags{{"host", "web1"}, {"cpu", "cpu0"}});
    REQUIRE(line.fields.size() == 2);
    CHECK(line.fields[0] == std::pair<std::string, Value>("idle", 97.5));
    CHECK(line.fields[1] == std::pair<std::string, Value>("procs", std::int64_t{7}));
    CHECK(line.time_ms == 1714554000123);
}

TEST_CASE("tags and the time may be left out", "[influx]") {
    const Line line = only("m f=1");
    CHECK(line.tags.empty());
    CHECK_FALSE(line.time_ms);
}

TEST_CASE("a field's value has the type that it is written with", "[influx]") {
    CHECK(value_of("1") == Value(1.0));
    CHECK(value_of("-1.5e3") == Value(-1500.0));
    CHECK(value_of("+.5") == Value(0.5));
    CHECK(value_of("-9223372036854775808i") == Value(std::numeric_limits<std::int64_t>::min()));
    CHECK(value_of("18446744073709551615u") == Value(std::numeric_limits<std::uint64_t>::max()));
    for (const char* word : {"t", "T", "true", "True", "TRUE"})
        CHECK(value_of(word) == Value(true));
    for (const char* word : {"f", "F", "false", "False", "FALSE"})
        CHECK(value_of(word) == Value(false));
    CHECK(value_of("\"\"") == Value(std::string()));
    CHECK(value_of("\"1, 2 = 3\"") == Value(std::string("1, 2 = 3")));
}

TEST_CASE("a backslash escapes what would end a name, and nothing else", "[influx]") {
    const Line line = only(R"(a\,b\ c=\d,t\,\=\ =v\=\,\  f\ \=\,="x\"y\\z\n" 5)");
    CHECK(line.measurement == R"(a,b c=\d)");
    CHECK(line.tags.at(0).first == "t,= ");
    CHECK(line.tags.at(0).second == "v=, ");
    CHECK(line.fields.at(0).first == "f =,");
    CHECK(line.fields.at(0).second == Value(std::string(R"(x"y\z\n)")));
}

TEST_CASE("quotes mean nothing outside of a field's value", "[influx]") {
    const Line line = only(R"("m",t="a" "f"=1)");
    CHECK(line.measurement == R"("m")");
    CHECK(line.tags.at(0).second == R"("a")");
    CHECK(line.fields.at(0).first == R"("f")");
}

TEST_CASE("times of any precision become milliseconds, rounded down", "[influx]") {
    const auto ms = [](std::string_view time, Precision precision) {
        return only("m f=1 " + std::string(time), precision).time_ms.value();
    };
    CHECK(ms("1999999", Precision::ns) == 1);
    CHECK(ms("-1", Precision::ns) == -1);
    CHECK(ms("-1000000", Precision::ns) == -1);
    CHECK(ms("1999", Precision::us) == 1);
    CHECK(ms("17", Precision::ms) == 17);
    CHECK(ms("17", Precision::s) == 17'000);
    CHECK(ms("17", Precision::m) == 1'020'000);
    CHECK(ms("17", Precision::h) == 61'200'000);
    LineReader reader("m f=1 9223372036854775807", Precision::s);
    Line line;
    CHECK_FALSE(reader.next(line));
    CHECK(influx::parse_precision("n").value() == Precision::ns);
    CHECK(influx::parse_precision("ms").value() == Precision::ms);
    CHECK_FALSE(influx::parse_precision("d"));
}

TEST_CASE("comments, empty lines and carriage returns are passed over", "[influx]") {
    CHECK(all_of("# one\n\n \r\na f=1\r\n  b f=\"x\" 3 \r\nc f=t\r") ==
          std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a string may hold line breaks", "[influx]") {
    CHECK(all_of("a f=\"one\ntwo\" 1\nb f=x\n") ==
          std::vector<std::string>{"a",
                                   "line 3, column 5: field 'f': 'x' is no finite number, "
                                   "integer, boolean or quoted text"});
}

TEST_CASE("a broken line is named with its place", "[influx]") {
    CHECK(error_of(",t=1 f=1") == "line 1, column 1: the measurement is missing");
    CHECK(error_of("m") == "line 1, column 2: the name of a field is missing");
    CHECK(error_of("m,=1 f=1") == "line 1, column 3: the name of a tag is missing");
    CHECK(error_of("m,t f=1") == "line 1, column 4: '=' is expected behind tag 't'");
    CHECK(error_of("m,t= f=1") == "line 1, column 5: tag 't' has no value");
    CHECK(error_of("m,t=a=b f=1") == R"(line 1, column 6: '=' in the value of tag 't' needs a \)");
    CHECK(error_of("m,t=1,t=2 f=1") == "line 1, column 8: tag 't' is given twice");
    CHECK(error_of("m f=1,f=2") == "line 1, column 8: field 'f' is given twice");
    CHECK(error_of("m f") == "line 1, column 4: '=' is expected behind field 'f'");
    CHECK(error_of("m f= 1") == "line 1, column 5: field 'f': the value is missing");
    CHECK(error_of("m f=\"a\"b 1") ==
          "line 1, column 8: a comma or a blank is expected behind a value");
    CHECK(error_of("m f=1 x") ==
          "line 1, column 7: 'x' is no time in whole units of the "
          "precision, or too far away");
    CHECK(error_of("m f=1 1 2") == "line 1, column 9: the line goes on behind its time");
    CHECK(error_of("m f=\"\xFF\"") == "line 1, column 1: not UTF-8");
    for (const char* value : {"inf", "nan", "1e999", "1.5i", "9223372036854775808i", "-1u", "+-1",
                              "tRUE", "0x10", "i"}) {
        CAPTURE(value);
        CHECK(error_of("m f=" + std::string(value)).find("is no finite number") !=
              std::string::npos);
    }
}

TEST_CASE("a broken line costs no other line", "[influx]") {
    const auto lines = all_of("a f=1\nb f=\"open 1\nc f=2\n\nd\ne f=3");
    REQUIRE(lines.size() == 5);
    CHECK(lines[0] == "a");
    CHECK(lines[1].starts_with("line 2, column 5: field 'f': the quote does not close"));
    CHECK(lines[2] == "c");
    CHECK(lines[3] == "line 5, column 2: the name of a field is missing");
    CHECK(lines[4] == "e");
}

TEST_CASE("lines, tags and fields are bounded", "[influx]") {
    const std::string fits = "m f=\"" + std::string(LineReader::kLineBytesMax - 6, 'x') + "\"";
    REQUIRE(fits.size() == LineReader::kLineBytesMax);
    CHECK(all_of(fits + "\nn f=1") == std::vector<std::string>{"m", "n"});
    const auto longer = all_of("m" + fits + "\nn f=1");
    REQUIRE(longer.size() == 2);
    CHECK(longer[0].starts_with("line 1, column 6: field 'f': the quote does not close within"));
    CHECK(all_of(std::string(LineReader::kLineBytesMax + 1, 'm') + " f=1\nn f=1") ==
          std::vector<std::string>{"line 1, column 65537: longer than 65536 bytes", "n"});
    std::string tags = "m";
    for (std::size_t i = 0; i <= LineReader::kTagsMax; ++i) tags += ",t" + std::to_string(i) + "=1";
    CHECK(error_of(tags + " f=1").find("more than 128 tags") != std::string::npos);
    std::string fields = "m f=1";
    for (std::size_t i = 0; i < LineReader::kFieldsMax; ++i)
        fields += ",f" + std::to_string(i) + "=1";
    CHECK(error_of(fields).find("more than 1024 fields") != std::string::npos);
}

TEST_CASE("every prefix of a body is read to its end", "[influx]") {
    const std::string text =
        "a\\ b,t=v\\,w f=1.5,g=-7i,h=7u,i=true,j=\"x\\\"y\nz\" 1714554000000\r\n"
        "# c\nm f=1\n";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        LineReader reader(std::string_view(text).substr(0, length), Precision::ms);
        std::size_t calls = 0;
        for (Line line;; ++calls) {
            REQUIRE(calls < 5);
            const auto read = reader.next(line);
            if (read && !read.value()) break;
        }
    }
}
