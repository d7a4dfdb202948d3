// Goal: `holdfast init` makes a whole site that may stand on a network, or nothing; `holdfast cert`
// renews what it made. Method: the program itself; what it wrote is read as the server does.
#include "app/secured_site.hpp"

#include <holdfast/access/policy.hpp>
#include <holdfast/identity/certificates.hpp>
#include <holdfast/identity/directory.hpp>
#include <holdfast/identity/password.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
}

identity::CertificateInfo info_of(const fs::path& file) {
    const auto info = identity::describe_certificate(text_of(file));
    REQUIRE(info);
    return info.value();
}

bool is_pair(const fs::path& directory, const std::string& name) {
    return static_cast<bool>(identity::CertificateAuthority::load(
        {text_of(directory / (name + ".crt")), text_of(directory / (name + ".key"))}));
}

} // namespace

TEST_CASE("a site is made with certificates, roles and an administrator", "[app][init]") {
    const TempDir above;
    const fs::path site = above.path() / "site";
    const auto made =
        run_holdfast({"init", "--host", "plant.example", "--host", "10.1.2.3", site.string()});
    CHECK(made.errors == "");
    REQUIRE(made.exit_code == 0);

    const auto hosts = info_of(site / "certs" / "server.crt").names;
    CHECK(hosts.at(0) == "plant.example");
    for (const std::string host : {"10.1.2.3", "localhost", "127.0.0.1", "::1"})
        CHECK(std::ranges::find(hosts, host) != hosts.end());
    CHECK(is_pair(site / "certs", "ca"));
    CHECK(is_pair(site / "certs", "server"));

    for (const std::string secret : {"users", "certs/ca.key", "certs/server.key"})
        CHECK(mode_of(site / secret) == 0600);
    CHECK(mode_of(site) == 0700);
    CHECK(mode_of(site / "certs") == 0700);

    const auto directory = identity::Directory::load(site / "access.yaml", site / "users");
    INFO((directory ? "" : directory.error().context));
    REQUIRE(directory);
    const auto password = made.output.substr(made.output.find("\npassword") + 15, 23);
    const auto* admin = directory.value()->users().find("admin");
    REQUIRE(admin != nullptr);
    CHECK(identity::verify_password(password, admin->password_hash));
    CHECK_THAT(text_of(site / "holdfast.yaml"), Contains((site / "data").string()));
    CHECK_THAT(made.output, Contains("holdfast serve -c " + (site / "holdfast.yaml").string()));
}

TEST_CASE("the roles of a new site keep devices apart and users to administrators", "[app][init]") {
    const TempDir above;
    const fs::path site = above.path() / "site";
    REQUIRE(run_holdfast({"init", site.string()}).exit_code == 0);
    const auto directory = identity::Directory::load(site / "access.yaml", site / "users");
    REQUIRE(directory);
    using access::Action;
    using access::Resource;
    struct Row {
        std::string role;
        Action action;
        Resource resource;
        bool is_allowed;
    };
    const std::vector<Row> rows{
        {"administrator", Action::administer, Resource::area("users"), true},
        {"administrator", Action::read, Resource::stream("audit"), true},
        {"operator", Action::manage, Resource::area("rules"), true},
        {"operator", Action::publish, Resource::topic("devices/m2/set"), true},
        {"operator", Action::administer, Resource::area("users"), false},
        {"operator", Action::read, Resource::area("users"), false},
        {"operator", Action::read, Resource::stream("audit"), false},
        {"operator", Action::manage, Resource::area("backup"), false},
        {"device", Action::connect, Resource::client_id("m1"), true},
        {"device", Action::connect, Resource::client_id("m1-a"), true},
        {"device", Action::connect, Resource::client_id("m2"), false},
        {"device", Action::publish, Resource::topic("devices/m1/state"), true},
        {"device", Action::publish, Resource::topic("devices/m2/state"), false},
        {"device", Action::subscribe, Resource::topic_filter("devices/m1/#"), true},
        {"device", Action::subscribe, Resource::topic_filter("devices/+/state"), false},
        {"device", Action::read, Resource::stream("events"), false},
        {"reader", Action::subscribe, Resource::topic_filter("#"), true},
        {"reader", Action::publish, Resource::topic("devices/m1/set"), false},
        {"reader", Action::read, Resource::stream("events"), true},
        {"reader", Action::write, Resource::stream("events"), false},
        {"reader", Action::read, Resource::stream("audit"), false},
        {"reader", Action::manage, Resource::area("rules"), false},
    };
    for (const Row& row : rows) {
        access::Principal who;
        who.name = "m1";
        who.kind = access::PrincipalKind::user;
        who.roles = {row.role};
        const auto decision =
            access::decide(directory.value()->policy(), who, row.action, row.resource);
        CAPTURE(row.role, access::to_string(row.action), row.resource.name, decision.rule);
        CHECK(decision.is_allowed == row.is_allowed);
    }
}

TEST_CASE("a site is made whole or not at all", "[app][init]") {
    const TempDir above;
    const fs::path site = above.path() / "site";
    const auto bad = run_holdfast({"init", "--host", "a,DNS:b", site.string()});
    CHECK(bad.exit_code == 1);
    CHECK(bad.output == "");
    CHECK_THAT(bad.errors, Contains("'a,DNS:b' is neither a host name nor an IP address"));
    CHECK_FALSE(fs::exists(site));

    fs::create_directory(site);
    REQUIRE(run_holdfast({"init", site.string()}).exit_code == 0); // an empty one is taken
    CHECK(mode_of(site) == 0700);
    const std::string users = text_of(site / "users");
    const auto again = run_holdfast({"init", site.string()});
    CHECK(again.exit_code == 1);
    CHECK_THAT(again.errors, Contains("not an empty directory"));
    CHECK(text_of(site / "users") == users);

    const auto nowhere = run_holdfast({"init", (above.path() / "a" / "b").string()});
    CHECK(nowhere.exit_code == 1);
    CHECK_THAT(nowhere.errors, Contains("No such file or directory"));
}

TEST_CASE("a site that cannot be written leaves nothing behind", "[app][init]") {
    const TempDir above;
    const bool is_there = GENERATE(false, true);
    const fs::path site = above.path() / "site";
    if (is_there) fs::create_directory(site);
    const unsigned mode = is_there ? mode_of(site) : 0;
    // Files may have so many blocks: another one fails each time, until all of them fit.
    constexpr int kBlocksMax = 20;
    for (int blocks = 0;; ++blocks) {
        REQUIRE(blocks < kBlocksMax);
        Child child({"/bin/sh", "-c", R"(trap '' XFSZ; ulimit -f "$1"; "$0" init "$2" 2>&1)",
                     HOLDFAST_PROGRAM, std::to_string(blocks), site.string()});
        const int exit_code = child.wait();
        CAPTURE(blocks, child.output());
        if (exit_code == 0) {
            CHECK(blocks > 2);
            CHECK(fs::exists(site / "holdfast.yaml"));
            break;
        }
        REQUIRE(exit_code == 1);
        CHECK_THAT(child.output(), Contains("cannot write " + site.string()));
        CHECK_THAT(child.output(), !Contains("password"));
        REQUIRE(fs::exists(site) == is_there);
        if (is_there) {
            CHECK(fs::is_empty(site));
            CHECK(mode_of(site) == mode);
        }
    }
}

TEST_CASE("certificates are made and renewed with the site's CA", "[app][cert]") {
    const TempDir above;
    const fs::path site = above.path() / "site";
    const std::string config = (site / "holdfast.yaml").string();
    REQUIRE(run_holdfast({"init", "--host", "plant.example", site.string()}).exit_code == 0);
    const fs::path certs = site / "certs";
    const std::string before = text_of(certs / "server.crt");
    const auto names = info_of(certs / "server.crt").names;

    const auto renewed = run_holdfast({"cert", "server", "-c", config, "--days", "30"});
    CHECK(renewed.errors == "");
    REQUIRE(renewed.exit_code == 0);
    CHECK(text_of(certs / "server.crt.old") == before);
    CHECK(info_of(certs / "server.crt").names == names);
    CHECK(is_pair(certs, "server"));
    CHECK(mode_of(certs / "server.key") == 0600);
    CHECK(mode_of(certs / "server.key.old") == 0600);
    if (::geteuid() == 0) { // what root renews stays the server's own
        constexpr uid_t kServer = 12'345;
        REQUIRE(::chown((certs / "server.key").c_str(), kServer, kServer) == 0);
        REQUIRE(run_holdfast({"cert", "server", "-c", config}).exit_code == 0);
        struct stat found{};
        REQUIRE(::stat((certs / "server.key").c_str(), &found) == 0);
        CHECK(found.st_uid == kServer);
    }
    REQUIRE(run_holdfast({"cert", "server", "other.example", "-c", config}).exit_code == 0);
    CHECK(info_of(certs / "server.crt").names == std::vector<std::string>{"other.example"});

    REQUIRE(run_holdfast({"cert", "client", "press-7", "-c", config}).exit_code == 0);
    CHECK(info_of(certs / "clients" / "press-7.crt").common_name == "press-7");
    CHECK(is_pair(certs / "clients", "press-7"));
    const auto shown = run_holdfast({"cert", "show", (certs / "clients" / "press-7.crt").string()});
    CHECK(shown.exit_code == 0);
    CHECK_THAT(shown.output, Contains("press-7") && Contains("days left"));
}

TEST_CASE("a certificate that would be of no use is not made", "[app][cert]") {
    const TempDir above;
    const fs::path site = above.path() / "site";
    REQUIRE(run_holdfast({"init", site.string()}).exit_code == 0);
    const auto refused = [&](std::vector<std::string> words, const std::string& why) {
        words.insert(words.begin(), "cert");
        words.insert(words.end(), {"-c", (site / "holdfast.yaml").string()});
        const auto outcome = run_holdfast(words);
        CAPTURE(outcome.output, outcome.errors);
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(why));
    };
    const std::string ca = text_of(site / "certs" / "ca.crt");
    refused({"client", "a", "--days", "20000"}, "the site's CA itself ends on");
    refused({"client", "a/b"}, "cannot be the name of a file");
    refused({"client", ".."}, "cannot be the name of a file");
    refused({"client", "ca", "--out", (site / "certs").string()}, "not a client's");
    refused({"server", "a b"}, "'a b' is neither a host name nor an IP address");
    refused({"server", "--out", (site / "new").string()}, "Name them");
    CHECK(text_of(site / "certs" / "ca.crt") == ca);
    CHECK_FALSE(fs::exists(site / "new"));
    write_file(site / "certs" / "ca.key", "no key\n");
    refused({"client", "a"}, "ca.crt: the CA's key does not read");
    fs::remove(site / "certs" / "ca.key");
    refused({"client", "a"}, "ca.key: No such file");
    const auto shown = run_holdfast({"cert", "show", (site / "access.yaml").string()});
    CHECK(shown.exit_code == 1);
    CHECK_THAT(shown.errors, Contains("access.yaml: no certificate"));
}
