// Goal: clients of InfluxDB 1 and 2 write into a stream, unmodified: what is good is stored, what
// is not is named in the words that they look for. Method: their requests, byte by byte, before a
// log.
#include <gateway/http/gunzip.hpp>
#include <gateway/rest_fixture.hpp>

#include <fmt/format.h>
#include <zlib.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <string>

using namespace holdfast;
using Catch::Contains;
using Catch::StartsWith;
using test::Api;

namespace {

constexpr std::string_view kWrite = "/api/v2/write?org=plant&bucket=events";
constexpr std::string_view kTelegraf =
    "User-Agent: Telegraf/1.30.1 Go/1.22.2\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n";

std::string gzip(std::string_view text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

// All records of the stream `events`, a line each.
std::string records(Api& api) {
    const std::string target = "/api/v1/streams/events/records?partition=";
    return api.client->get(target + "0").body + api.client->get(target + "1").body;
}

std::ptrdiff_t count(Api& api) {
    return std::ranges::count(records(api), '\n');
}

} // namespace

TEST_CASE("Telegraf's write of version 2 is stored and answered with 204", "[gateway][influx]") {
    Api api;
    const auto answer =
        api.post(kWrite,
                 gzip("cpu,cpu=cpu-total,host=web1 usage_idle=97.5 1714554000000000000\n"
                      "mem,host=web1 used=17179869184i 1714554000000000000\n"),
                 std::string(kTelegraf) + "Content-Encoding: gzip\r\n");
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    CHECK(count(api) == 2);
    CHECK_THAT(records(api), Contains(R"("key":"web1","value":{"cpu":{"usage_idle":97.5},)"
                                      R"("tags":{"cpu":"cpu-total"}},)"
                                      R"("headers":{"ts":"1714554000000"}})"));
    CHECK_THAT(records(api), Contains(R"("value":{"mem":{"used":17179869184}})"));
    CHECK_THAT(api.metrics.render(), Contains("holdfast_influx_lines_total 2\n"));
}

TEST_CASE("a write of version 1 names its stream by db", "[gateway][influx]") {
    Api api;
    const auto answer = api.post("/write?consistency=any&db=events&precision=s&rp=autogen",
                                 "temp,device=lift-3 v=4 1714554000\n");
    CHECK(answer.status == 204);
    CHECK_THAT(records(api), Contains(R"("key":"lift-3","value":{"temp":{"v":4.0}},)"
                                      R"("headers":{"ts":"1714554000000"}})"));
}

TEST_CASE("which tag is the device may be said", "[gateway][influx]") {
    Api api;
    CHECK(api.post(kWrite, "m,host=h,machine=press-1 v=1", "X-Device-Tag: machine\r\n").status ==
          204);
    CHECK_THAT(records(api), Contains(R"("key":"press-1")"));
}

TEST_CASE("good lines are stored beside bad ones, which are named", "[gateway][influx]") {
    Api api;
    const auto answer = api.post(kWrite, "a,host=h f=1\nb f=\n# c\ntags,host=h f=1\nd,host=h f=2");
    CHECK(answer.status == 400);
    CHECK(answer.has("Content-Type: application/json\r\n"));
    const std::string why =
        "partial write: 2 of 4 lines are refused: line 2, column 5: field 'f': "
        "the value is missing; line 4: 'tags' cannot be a measurement here: "
        "the tags stand there";
    CHECK(answer.body ==
          fmt::format(R"({{"code":"invalid","message":"{}","error":"{}"}})", why, why));
    CHECK(count(api) == 2);
    CHECK_THAT(api.metrics.render(), Contains("holdfast_influx_lines_refused_total 2\n"));
}

TEST_CASE("where no line is good, nothing is stored", "[gateway][influx]") {
    Api api;
    std::string lines;
    for (int i = 0; i < 12; ++i) lines += "m\n";
    const auto answer = api.post(kWrite, lines);
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body,
               Contains("unable to parse: all 12 lines are refused: line 1, column 2"));
    CHECK_THAT(answer.body, Contains("; and more"));
    CHECK_THAT(answer.body, !Contains("line 11"));
    CHECK(count(api) == 0);
    CHECK(api.post(kWrite, "# nothing\n\n").status == 204);
}

TEST_CASE("a line that the stream does not take costs no other", "[gateway][influx]") {
    Api api;
    log::StreamSettings settings;
    settings.name = "small";
    settings.partitions = 1;
    settings.message_bytes_max = 1'024;
    REQUIRE(api.log->create_stream(settings));
    const auto answer =
        api.post("/write?db=small", "a f=1\nb f=\"" + std::string(2'000, 'x') + "\"\nc f=1\n");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Contains("line 2: larger than stream 'small' takes, 1024 bytes"));
    const auto stored = api.client->get("/api/v1/streams/small/records?partition=0").body;
    CHECK_THAT(stored, Contains(R"("key":"a")") && Contains(R"("key":"c")"));
}

TEST_CASE("a write that asks for something else is refused with its reason", "[gateway][influx]") {
    Api api;
    struct Row {
        std::string target, headers, body;
        unsigned status;
        std::string why;
    };
    const std::vector<Row> rows{
        {"/api/v2/write?org=o", "", "m f=1", 400, "bucket: the stream is missing"},
        {"/write", "", "m f=1", 400, "db: the stream is missing"},
        {"/write?db=none", "", "m f=1", 404, R"("code":"not found")"},
        {"/write?db=none", "", "m f=1", 404, R"("error":"there is no stream 'none'")"},
        {"/write?db=events&precision=d", "", "m f=1", 400, "precision: 'd'"},
        {"/write?db=events", "Content-Encoding: br\r\n", "m f=1", 400, "Content-Encoding: 'br'"},
        {"/write?db=events", "Content-Encoding: gzip\r\n", "m f=1", 400, "the body is not gzip"},
        {"/write?db=events", "Content-Encoding: gzip\r\n", gzip("m f=1").substr(0, 15), 400,
         "ends too early"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.target, row.headers);
        const auto answer = api.post(row.target, row.body, row.headers);
        CHECK(answer.status == row.status);
        CHECK_THAT(answer.body, Contains(row.why));
    }
    CHECK(count(api) == 0);
}

TEST_CASE("a small body that grows without bound is refused", "[gateway][influx]") {
    Api api;
    const std::string bomb = gzip(std::string((32U << 20U) + 1, '\n'));
    REQUIRE(bomb.size() < 64U << 10U);
    const auto answer = api.post(kWrite, bomb, "Content-Encoding: gzip\r\n");
    CHECK(answer.status == 413);
    CHECK_THAT(answer.body, Contains(R"("code":"request too large")"));
    CHECK(api.memory.used_bytes() == 0);
}

TEST_CASE("what is decompressed is paid for and given back", "[gateway][influx]") {
    const std::string text(200'000, 'x');
    MemoryAccount account(1U << 20U);
    {
        gateway::TakenBytes taken(account);
        CHECK(gateway::gunzip(gzip(text) + gzip("more"), text.size() + 4, taken).value() ==
              text + "more");
        CHECK(account.used_bytes() >= text.size());
        CHECK(gateway::gunzip(gzip(text), text.size() - 1, taken).error().code == Errc::too_large);
    }
    CHECK(account.used_bytes() == 0);
    MemoryAccount small(100'000);
    gateway::TakenBytes taken(small);
    CHECK(gateway::gunzip(gzip(text), text.size(), taken).error().code == Errc::limit_exceeded);
    const std::string whole = gzip("m f=1\n");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        gateway::TakenBytes some(account);
        CHECK_FALSE(gateway::gunzip(std::string_view(whole).substr(0, length), 100, some));
    }
}

TEST_CASE("clients find out whether somebody is there", "[gateway][influx]") {
    Api api;
    const auto ping = api.client->get("/ping");
    CHECK(ping.status == 204);
    CHECK(ping.has("X-Influxdb-Version: holdfast\r\n"));
    CHECK_THAT(api.client->get("/health").body, Contains(R"("status":"pass")"));
}
