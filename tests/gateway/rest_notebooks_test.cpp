// Goal: notebooks are saved with revisions that nobody overwrites unseen, survive a restart, and
// are bounded. Method: the routes over a real log in a temporary directory, a raw HTTP client; a
// test that restarts opens the log again.
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/keyspace.hpp>
#include <holdfast/gateway/rest/notebook_store.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/state_write.hpp>
#include <support/temp_dir.hpp>
#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>
#include <support/keyspaces.hpp>

#include <string>

using namespace holdfast;
using Catch::Matchers::Contains;

namespace {

constexpr std::string_view kPath = "/api/v1/notebooks/fleet";
constexpr std::string_view kNotebook =
    R"({"title":"Fleet","paragraphs":[{"kind":"sql","text":"SELECT 1","show":"table"}]})";

// The log and what stands on it, as after a start.
struct Site {
    explicit Site(const std::filesystem::path& directory) {
        auto opened = log::Log::open({.directory = directory, .keyspaces = test::all_keyspaces()},
                                     clock, metrics);
        REQUIRE(opened);
        log = std::move(opened).value();
        store.emplace(*log, clock);
        loaded = store->load();
        gateway::add_notebook_routes(router, *store, work, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
    }
    test::Answer get(std::string_view target) { return client->get(target); }
    test::Answer put(std::string_view target, std::string_view body, std::string_view headers) {
        return client->send("PUT", target, body, headers);
    }

    SystemClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log;
    std::optional<gateway::NotebookStore> store;
    Result<void> loaded = ok();
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<test::RunningServer> running;
    std::optional<test::Client> client;
};

std::string if_match(const test::Answer& answer) {
    const auto at = answer.head.find("ETag: ") + 6;
    return "If-Match: " + answer.head.substr(at, answer.head.find("\r\n", at) - at) + "\r\n";
}

std::string titled(std::string_view title) {
    return R"({"title":")" + std::string(title) + R"(","paragraphs":[]})";
}

} // namespace

TEST_CASE("a notebook is saved, shown as it was saved, and removed", "[gateway][rest]") {
    test::TempDir dir;
    Site site(dir.path());
    CHECK(site.get("/api/v1/notebooks").body == "[]");
    const auto made = site.put(kPath, kNotebook, "If-None-Match: *\r\n");
    CHECK(made.status == 201);
    CHECK_THAT(made.body, Contains(R"("name":"fleet","revision":1)"));
    CHECK_THAT(site.get("/api/v1/notebooks").body, Contains(R"("title":"Fleet")"));
    const auto shown = site.get(kPath);
    CHECK(if_match(shown) == if_match(made));
    CHECK_THAT(shown.body, Contains(R"("notebook":)" + std::string(kNotebook)));
    CHECK(site.client->send("DELETE", kPath, "").status == 204);
    CHECK(site.get(kPath).status == 404);
    CHECK(site.client->send("DELETE", kPath, "").status == 404);
}

TEST_CASE("nobody overwrites a notebook that he has not seen", "[gateway][rest]") {
    test::TempDir dir;
    Site site(dir.path());
    const auto first = site.put(kPath, titled("one"), "");
    REQUIRE(first.status == 201);
    CHECK(site.put(kPath, titled("x"), "").status == 428);
    CHECK(site.put(kPath, titled("x"), "If-None-Match: *\r\n").status == 412);
    CHECK(site.put(kPath, titled("two"), if_match(first)).status == 200);
    const auto late = site.put(kPath, titled("x"), if_match(first));
    CHECK(late.status == 412);
    CHECK_THAT(late.body, Contains("it is revision 2 now"));
    CHECK(site.put(kPath, titled("three"), "If-Match: \"7-0\", *\r\n").status == 200);
    CHECK(site.put("/api/v1/notebooks/none", titled("x"), "If-Match: *\r\n").status == 412);
    CHECK(site.client->send("DELETE", kPath, "", if_match(first)).status == 412);
    CHECK_THAT(site.get(kPath).body, Contains(R"("title":"three")"));
}

TEST_CASE("the last twenty revisions are kept", "[gateway][rest]") {
    test::TempDir dir;
    Site site(dir.path());
    constexpr int kSaved = 22;
    for (int number = 1; number <= kSaved; ++number)
        REQUIRE(site.store->save("fleet", "t", "anne", titled("t" + std::to_string(number))));
    CHECK(site.store->revisions("fleet").value().size() == gateway::NotebookStore::kRevisionsMax);
    const auto revision = [&](int number) {
        return site.get(std::string(kPath) + "/revisions/" + std::to_string(number));
    };
    CHECK(revision(2).status == 404);
    CHECK_THAT(revision(3).body, Contains(R"("title":"t3")"));
    CHECK_THAT(revision(kSaved).body, Contains(R"("saved_by":"anne")"));
    CHECK_THAT(site.get(std::string(kPath) + "/revisions").body,
               Catch::Matchers::StartsWith(R"([{"revision":22,)"));
    CHECK(site.get(std::string(kPath) + "/revisions/zero").status == 400);
}

TEST_CASE("notebooks outlive a restart; a damaged revision stops none", "[gateway][rest]") {
    test::TempDir dir;
    {
        Site site(dir.path());
        REQUIRE(site.store->save("fleet", "Fleet", "", titled("Fleet")));
        REQUIRE(site.store->save("lift", "Lift", "", titled("Lift")));
        REQUIRE(log::StateWrite::write(
            *site.log, {{gateway::kNotebooksKeyspace, "lift/0000000000000002", "\x01"}}));
    }
    Site site(dir.path());
    CHECK(site.loaded);
    CHECK_THAT(site.get(kPath).body, Contains(R"("title":"Fleet")"));
    CHECK_THAT(site.get("/api/v1/notebooks/lift").body, Contains(R"("revision":1)"));
    CHECK(site.put("/api/v1/notebooks/lift", titled("L"), "If-Match: *\r\n").status == 200);
}

TEST_CASE("a notebook of a later version stops the start", "[gateway][rest]") {
    test::TempDir dir;
    {
        Site site(dir.path());
        REQUIRE(log::StateWrite::write(
            *site.log, {{gateway::kNotebooksKeyspace, "fleet/0000000000000001", "\x02"}}));
    }
    const Site site(dir.path());
    REQUIRE_FALSE(site.loaded);
    CHECK(site.loaded.error().code == Errc::not_supported);
}

TEST_CASE("what is no notebook is refused, and what is wrong with it named", "[gateway][rest]") {
    test::TempDir dir;
    Site site(dir.path());
    struct Row {
        std::string_view body;
        std::string_view says;
    };
    const auto row = GENERATE(values<Row>({
        {"nothing", "not JSON"},
        {"[]", "an object"},
        {R"({"paragraphs":[]})", "title is missing"},
        {R"({"title":"a\nb","paragraphs":[]})", "title: a line"},
        {R"({"title":"t"})", "paragraphs is an array"},
        {R"({"title":"t","paragraphs":[],"title":"u"})", "title"},
        {R"({"title":"t","paragraphs":[],"colour":1})", "'colour' is not known"},
        {R"({"title":"t","paragraphs":[],"refresh_s":1})", "refresh_s"},
        {R"({"title":"t","paragraphs":[{"kind":"html","text":""}]})", "paragraphs[0]: kind"},
        {R"({"title":"t","paragraphs":[{"kind":"sql"}]})", "paragraphs[0]: text"},
        {R"({"title":"t","paragraphs":[{"kind":"sql","text":"","show":"pie"}]})", "show"},
        {R"({"title":"t","params":[{"name":"from","kind":"text","value":""}],"paragraphs":[]})",
         "time range"},
        {R"({"title":"t","params":[{"name":"a","kind":"number","value":"1"}],"paragraphs":[]})",
         "value is a number"},
        {R"({"title":"t","params":[{"name":"a","kind":"choice","value":""}],"paragraphs":[]})",
         "choices"},
        {R"({"title":"t","params":[{"name":"a","kind":"choice","value":"z",)"
         R"("choices":["x","y"]}],"paragraphs":[]})",
         "params[0]: value 'z' is none of its choices"},
        {R"({"title":"t","params":[{"name":"a","kind":"choice","value":"x",)"
         R"("choices":["x","x"]}],"paragraphs":[]})",
         "params[0]: choices has 'x' twice"},
        {R"({"title":"t","params":[{"name":"a","kind":"text","value":""},)"
         R"({"name":"a","kind":"number","value":1}],"paragraphs":[]})",
         "params: two are named 'a'"},
        {R"({"title":"t","params":[{"name":"a","kind":"number","value":1e400}],"paragraphs":[]})",
         "params[0]: value"},
    }));
    CAPTURE(row.body);
    const auto answer = site.put(kPath, row.body, "");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Contains(std::string(row.says)));
}

TEST_CASE("notebooks are bounded in name, size and number", "[gateway][rest]") {
    using gateway::NotebookStore;
    test::TempDir dir;
    Site site(dir.path());
    CHECK(site.put("/api/v1/notebooks/a%2Fb", titled("t"), "").status == 400);
    CHECK(site.put("/api/v1/notebooks/" + std::string(65, 'a'), titled("t"), "").status == 400);
    const std::string large(NotebookStore::kDocumentBytesMax + 1, ' ');
    CHECK(site.put(kPath, large, "").status == 413);
    for (std::size_t number = 0; number < NotebookStore::kNotebooksMax; ++number)
        REQUIRE(site.store->save("n" + std::to_string(number), "t", "", "{}"));
    CHECK(site.put(kPath, titled("t"), "").status == 429);
    CHECK(site.put("/api/v1/notebooks/n1", titled("t"), "If-Match: *\r\n").status == 200);
    REQUIRE(site.store->remove("n2"));
    CHECK(site.put(kPath, titled("t"), "").status == 201);
}

TEST_CASE("all notebooks together are bounded in bytes; room comes back", "[gateway][rest]") {
    using gateway::NotebookStore;
    test::TempDir dir;
    Site site(dir.path());
    const std::string document(NotebookStore::kDocumentBytesMax, ' ');
    const std::size_t fitting = NotebookStore::kBytesMax / NotebookStore::kDocumentBytesMax;
    for (std::size_t number = 0; number < fitting; ++number)
        REQUIRE(site.store->save("n" + std::to_string(number), "t", "", document));
    const auto refused = site.store->save("more", "t", "", "{}");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::limit_exceeded);
    REQUIRE(site.store->remove("n0"));
    CHECK(site.store->save("more", "t", "", "{}"));
}
