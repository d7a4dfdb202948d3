// Goal: who a request is from, and whether he may, is settled by its headers alone and answered as
// HTTP says; what a foreign page could send is refused. Method: a server with users in memory on a
// free port, a raw client; every principal has one right more or less than another.
#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>
#include "gateway/http_client.hpp"

#include <holdfast/config/access_file.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <mutex>

using namespace holdfast;
using access::Action;
using gateway::HttpRequest;
using gateway::Reply;
using gateway::Right;
using identity::Users;
using test::Client;
using test::RunningServer;

namespace {

constexpr const char* kAccess =
    "roles:\n"
    "  viewer:\n"
    "    - {allow: read, areas: [alarms]}\n"
    "    - {allow: read, streams: ['{user}-*']}\n"
    "  nobody: []\n"
    "  guest:\n"
    "    - {allow: read, areas: [metrics]}\n"
    "anonymous: [guest]\n";
constexpr const char* kAlice = "Authorization: Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==\r\n";
constexpr const char* kWrong = "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n"; // alice:wrong

std::shared_ptr<const identity::Directory> directory_of(Users users) {
    const auto file = config::parse_access(kAccess, "access.yaml");
    REQUIRE(file);
    auto policy = access::Policy::make(file.value());
    REQUIRE(policy);
    auto made = identity::Directory::make(std::move(policy).value(), std::move(users), "users");
    REQUIRE(made);
    return made.value();
}

// A body that gives a piece whenever it is told to, and ends when it is closed.
class Dripping final : public gateway::BodyStream {
public:
    void pull(Deliver deliver) override {
        std::unique_lock lock(mutex_);
        if (!is_begun_) {
            is_begun_ = true;
            lock.unlock();
            return post([deliver] { deliver("piece"); });
        }
        if (!is_closed_) {
            waiting_ = std::move(deliver);
            return;
        }
        lock.unlock();
        post([deliver] { deliver(std::nullopt); });
    }
    void close() override {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        if (!waiting_) return;
        post([deliver = std::exchange(waiting_, nullptr)] { deliver(std::nullopt); });
    }
    [[nodiscard]] bool has_end() const override { return false; }
    explicit Dripping(Reply reply) : reply_(std::move(reply)) {}

private:
    void post(std::function<void()> task) { reply_.post(std::move(task)); }

    const Reply reply_;
    std::mutex mutex_;
    Deliver waiting_;
    bool is_begun_ = false;
    bool is_closed_ = false;
};

gateway::Router sample() {
    gateway::Router router;
    const auto who = [](const HttpRequest& request, const Reply& reply) {
        reply.send({200, "text/plain", {}, request.caller->principal.name + ";" + request.body});
    };
    router.add("GET", "/open", {}, Right::open("a test"), who);
    router.add("GET", "/me", {}, Right::signed_in(), who);
    router.add("GET", "/alarms", {}, Right::area(Action::read, "alarms"), who);
    router.add("GET", "/metrics", {}, Right::area(Action::read, "metrics"), who);
    router.add("POST", "/rules", {}, Right::area(Action::manage, "rules"), who);
    router.add("POST", "/say", {}, Right::area(Action::read, "alarms"), who);
    router.add("GET", "/s/{name}", {}, Right::stream(Action::read, "name"),
               [](const HttpRequest&, const Reply& reply) {
                   gateway::HttpResponse response{200, "text/plain"};
                   response.stream = std::make_shared<Dripping>(reply);
                   reply.send(std::move(response));
               });
    return router;
}

gateway::HttpDoor with(identity::Authenticator& identity) {
    gateway::HttpDoor door;
    door.identity = &identity;
    door.hosts = {"holdfast.example"};
    return door;
}

struct Site {
    Site() {
        auto hash = identity::hash_password("correct horse", {.memory_kib = 64, .passes = 1});
        REQUIRE(hash);
        users.users = {{"alice", {"viewer"}, hash.value(), false}, {"bob", {"nobody"}, "", false}};
        alice = identity::make_token("alice", "", clock.now_ms(), 0);
        bob = identity::make_token("bob", "", clock.now_ms(), 0);
        users.tokens = {alice.stored, bob.stored};
        std::ranges::sort(users.tokens, {}, &identity::Token::id);
        identity.replace(directory_of(users));
        running.emplace(router, with(identity));
        client.emplace(running->server().port());
    }
    ~Site() { running->stop(); }
    test::Answer get(std::string_view path, std::string_view headers) {
        return client->send("GET", path, "", headers);
    }
    std::string sign_in(std::string_view user) {
        return identity.sign_in(
            *identity.directory()->principal(user, access::PrincipalKind::user));
    }
    static std::string bearer(const identity::NewToken& token) {
        return "Authorization: Bearer " + token.text + "\r\n";
    }

    SystemClock clock;
    Metrics metrics;
    Users users;
    identity::NewToken alice;
    identity::NewToken bob;
    identity::Authenticator identity{{}, clock, metrics};
    gateway::Router router = sample();
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

} // namespace

TEST_CASE("Basic, Bearer and the cookie say who somebody is", "[gateway][door]") {
    Site site;
    CHECK(site.get("/alarms", kAlice).body == "alice;");
    CHECK(site.get("/alarms", Site::bearer(site.alice)).body == "alice;");
    const auto cookie = site.sign_in("alice");
    CHECK(site.get("/alarms", "Cookie: a=b; holdfast_session=" + cookie + "\r\n").body == "alice;");
    CHECK(site.get("/alarms", "Cookie: holdfast_session=" + cookie + "x\r\n").status == 401);
    CHECK(site.get("/alarms", "Cookie: not_holdfast_session=" + cookie + "\r\n").status == 401);
}

TEST_CASE("who does not say who he is gets what anonymous may, or is asked", "[gateway][door]") {
    Site site;
    CHECK(site.get("/open", "").status == 200);
    CHECK(site.get("/metrics", "").status == 200);
    const auto asked = site.get("/alarms", "");
    CHECK(asked.status == 401);
    CHECK(asked.has("WWW-Authenticate: Basic"));
    CHECK(asked.has("WWW-Authenticate: Bearer"));
    const auto page = site.get("/alarms", "Sec-Fetch-Mode: cors\r\n");
    CHECK(page.status == 401);
    CHECK_FALSE(page.has("Basic")); // the browser would put a dialogue over the page
}

TEST_CASE("a wrong secret is refused even where nobody would be let in", "[gateway][door]") {
    Site site;
    CHECK(site.get("/metrics", kWrong).status == 401);
    CHECK(site.get("/metrics", "Authorization: Bearer hft_x.y\r\n").status == 401);
    CHECK(site.get("/metrics", "Authorization: Basic !!\r\n").status == 400);
    CHECK(site.get("/metrics", "Authorization: Digest x\r\n").status == 401);
}

TEST_CASE("who is known but may not is told what, on what, and why", "[gateway][door]") {
    Site site;
    const auto denied = site.get("/alarms", Site::bearer(site.bob));
    CHECK(denied.status == 403);
    CHECK(denied.body.find("read of area 'alarms' is denied: no rule allows it") !=
          std::string::npos);
    CHECK(site.get("/me", Site::bearer(site.bob)).status == 200);
    CHECK(site.get("/s/bob-1", kAlice).status == 403);
}

TEST_CASE("what is refused is not read, and the connection goes on after small bodies",
          "[gateway][door]") {
    Site site;
    CHECK(site.client->send("POST", "/rules", "a small one", kAlice).status == 403);
    CHECK(site.get("/alarms", kAlice).status == 200);
    // No body comes: an answer before it is one that did not wait for it.
    site.client->write(
        "POST /rules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    CHECK(site.client->read().status == 401);
}

TEST_CASE("who fails too often waits, and is told how long", "[gateway][door]") {
    Site site;
    unsigned status = 401;
    test::Answer answer;
    for (int i = 0; i < 20 && status == 401; ++i) {
        answer = site.get("/alarms", kWrong);
        status = answer.status;
    }
    CHECK(status == 429);
    CHECK(answer.has("Retry-After: "));
    CHECK(site.get("/alarms", Site::bearer(site.alice)).status == 200); // a token still works
}

TEST_CASE("a change by cookie must come from our own page", "[gateway][door]") {
    Site site;
    const auto session = site.sign_in("alice");
    const std::string cookie = "Cookie: holdfast_session=" + session + "\r\n";
    CHECK(site.client->send("POST", "/say", "x", cookie).status == 403);
    CHECK(site.client->send("POST", "/say", "x", cookie + "Origin: http://localhost\r\n").body ==
          "alice;x");
    CHECK(
        site.client->send("POST", "/say", "x", cookie + "Origin: http://evil.example\r\n").status ==
        403);
}

TEST_CASE("a name that somebody else's DNS leads to us is not served", "[gateway][door]") {
    struct Row {
        const char* host;
        unsigned status;
    };
    const auto row = GENERATE(values<Row>({{"localhost", 200},
                                           {"192.0.2.7:8080", 200},
                                           {"[2001:db8::1]:8080", 200},
                                           {"holdfast.example:443", 200},
                                           {"HOLDFAST.example", 200},
                                           {"evil.example", 403},
                                           {"192.0.2.7.evil.example", 403},
                                           {"[2001:db8::1", 403}}));
    CAPTURE(row.host);
    Site site;
    site.client->write("GET /open HTTP/1.1\r\nHost: " + std::string(row.host) + "\r\n\r\n");
    CHECK(site.client->read().status == row.status);
}

TEST_CASE("an answer that goes on ends when the right to it is taken away", "[gateway][door]") {
    Site site;
    const std::string path = "/s/alice-1";
    const auto begin = [&](const std::string& headers) {
        auto reader = std::make_unique<Client>(site.running->server().port());
        reader->write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
        REQUIRE(reader->read(false).status == 200);
        REQUIRE(reader->read_chunk() == "piece");
        return reader;
    };
    auto users = site.users;
    SECTION("with the role") {
        auto reader = begin(kAlice);
        users.users[0].roles = {"nobody"};
        site.identity.replace(directory_of(users));
        site.running->server().follow_rights();
        CHECK_FALSE(reader->read_chunk().has_value()); // cut off, not ended
    }
    SECTION("with the token it came by") {
        auto reader = begin(Site::bearer(site.alice));
        std::erase_if(users.tokens, [](const auto& token) { return token.user == "alice"; });
        site.identity.replace(directory_of(users));
        site.running->server().follow_rights();
        CHECK_FALSE(reader->read_chunk().has_value());
    }
    SECTION("but not with another's") {
        auto reader = begin(kAlice);
        users.users[1].is_disabled = true;
        site.identity.replace(directory_of(users));
        site.running->server().follow_rights();
        CHECK(site.get("/alarms", kAlice).status == 200);
        reader->shut_down();
    }
}
