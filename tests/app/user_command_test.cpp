// Goal: `holdfast user` changes who may sign in, without a server, and says what it did not do.
// Method: the program itself, on a site's files; what it wrote is read back as the server does.
#include "app/secured_site.hpp"

#include <holdfast/identity/password.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

bool is_password_of(const SecuredSite& site, const std::string& user, const std::string& password) {
    const auto users = site.users();
    const auto* found = users.find(user);
    return found != nullptr && identity::verify_password(password, found->password_hash);
}

void refused(const Outcome& outcome, const std::string& reason) {
    CAPTURE(outcome.output, outcome.errors);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output == "");
    CHECK_THAT(outcome.errors, StartsWith("holdfast: ") && Contains(reason));
}

} // namespace

TEST_CASE("a user is added with a generated password that is told once", "[app][user]") {
    const SecuredSite site;
    const auto added = site.run({"user", "add", "press-7", "--role", "device", "--generate"});
    CHECK(added.errors == "");
    REQUIRE(added.exit_code == 0);
    const auto at = added.output.find("password: ");
    REQUIRE(at != std::string::npos);
    const std::string password = added.output.substr(at + 10, 23);
    CHECK(password.find_first_of("01iloIO") == std::string::npos);
    CHECK(is_password_of(site, "press-7", password));
    CHECK(site.users().find("press-7")->roles == std::vector<std::string>{"device"});
    const auto mode = std::filesystem::status(site.file("users")).permissions();
    CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));

    const auto list = site.run({"user", "list"});
    CHECK_THAT(list.output, Contains("press-7") && Contains("device") && Contains("active"));
    CHECK_THAT(list.output, !Contains(password) && !Contains("argon2"));
}

TEST_CASE("a password is the first line of standard input", "[app][user]") {
    const SecuredSite site;
    const auto added =
        site.run_with_input("a good password\nmore\n", {"user", "add", "anna", "--password-stdin"});
    CHECK(added.exit_code == 0);
    CHECK_THAT(added.output, Contains("without a role"));
    CHECK(is_password_of(site, "anna", "a good password"));

    const auto changed = site.run_with_input("another one, CRLF\r\n",
                                             {"user", "passwd", "anna", "--password-stdin"});
    CHECK(changed.exit_code == 0);
    CHECK(is_password_of(site, "anna", "another one, CRLF"));
    CHECK_FALSE(is_password_of(site, "anna", "a good password"));

    refused(site.run_with_input("short\n", {"user", "passwd", "anna", "--password-stdin"}),
            "8 to 1024 bytes");
    refused(site.run_with_input("", {"user", "passwd", "anna", "--password-stdin"}),
            "no password came");
    refused(site.run_with_input("not at a terminal\n", {"user", "passwd", "anna"}),
            "--password-stdin or --generate");
    CHECK(is_password_of(site, "anna", "another one, CRLF"));
}

TEST_CASE("what cannot be done to a user is refused, and changes nothing", "[app][user]") {
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "--no-password", "--role", "viewer", "anna"}).exit_code == 0);
    const auto before = site.users();
    refused(site.run({"user", "add", "anna", "--generate"}), "a user 'anna' already");
    refused(site.run({"user", "add", "bert", "--generate", "--role", "devise"}),
            "no role 'devise'; there are device, viewer");
    refused(site.run({"user", "add", "a:b", "--generate"}), "'a:b' is no user name");
    refused(site.run({"user", "passwd", "carl", "--generate"}), "no user 'carl'");
    refused(site.run({"user", "remove", "carl"}), "no user 'carl'");
    CHECK(site.users() == before);
    CHECK(site.run({"user", "add", "carl", "--generate", "--no-password"}).exit_code == 2);
    CHECK(site.run({"user", "ad", "carl"}).exit_code == 2);
    write_file(site.file("users"), "no users file\n");
    refused(site.run({"user", "list"}), "users:1: ");
}

TEST_CASE("a user leaves with its tokens", "[app][user]") {
    const SecuredSite site;
    for (const std::string name : {"anna", "bert"}) {
        REQUIRE(site.run({"user", "add", name, "--no-password"}).exit_code == 0);
        REQUIRE(site.run({"token", "create", name}).exit_code == 0);
    }
    const auto removed = site.run({"user", "remove", "anna"});
    CHECK(removed.exit_code == 0);
    CHECK_THAT(removed.output, Contains("1 of its tokens"));
    const auto left = site.users();
    CHECK(left.find("anna") == nullptr);
    REQUIRE(left.tokens.size() == 1);
    CHECK(left.tokens.front().user == "bert");
}

TEST_CASE("roles are added and taken", "[app][user]") {
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "anna", "--role", "viewer", "--no-password"}).exit_code == 0);
    const auto changed = site.run(
        {"user", "role", "anna", "--add", "device", "--take", "viewer", "--add", "device"});
    CHECK(changed.exit_code == 0);
    CHECK(changed.output == "user 'anna' has device\n");
    CHECK(site.users().find("anna")->roles == std::vector<std::string>{"device"});
    refused(site.run({"user", "role", "anna", "--take", "viewer"}), "has no role 'viewer'");
    refused(site.run({"user", "role", "anna", "--add", "views"}), "there is no role 'views'");
    refused(site.run({"user", "role", "bert", "--add", "device"}), "there is no user 'bert'");
    refused(site.run({"user", "role", "anna"}), "--add or --take says what is to change");
    CHECK(site.users().find("anna")->roles == std::vector<std::string>{"device"});
}

TEST_CASE("a running server takes the change by itself", "[app][user]") {
    const SecuredSite site;
    // Its log goes where it can be waited for.
    Child server({"/bin/sh", "-c", R"(exec "$0" serve -c "$1" --data-dir "$2" 2>&1)",
                  HOLDFAST_PROGRAM, site.file("site.yaml").string(), site.file("data").string()});
    REQUIRE(server.wait_for_output("ready\n"));
    REQUIRE(site.run({"user", "add", "anna", "--no-password"}).exit_code == 0);
    CHECK(server.wait_for_output("read again: 1 users"));
    REQUIRE(site.run({"user", "remove", "anna"}).exit_code == 0);
    CHECK(server.wait_for_output("read again: 0 users"));
}

TEST_CASE("what root changes stays the server's own", "[app][user]") {
    if (::geteuid() != 0) {
        WARN("not root: not tested");
        return;
    }
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "anna", "--no-password"}).exit_code == 0);
    const auto owner_of = [&](const char* name) {
        struct stat found{};
        REQUIRE(::stat(site.file(name).c_str(), &found) == 0);
        return found.st_uid;
    };
    constexpr uid_t kServer = 12'345;
    REQUIRE(::chown(site.file("users").c_str(), kServer, kServer) == 0);
    // The tests' root has not the right to read what is not its own.
    REQUIRE(::chmod(site.file("users").c_str(), 0644) == 0);
    REQUIRE(site.run({"user", "add", "bert", "--no-password"}).exit_code == 0);
    CHECK(owner_of("users") == kServer);
    CHECK(owner_of("users.lock") == kServer);
}

TEST_CASE("a site without users is told what to write", "[app][user]") {
    const SecuredSite site;
    write_file(site.file("site.yaml"), "log_level: error\n");
    refused(site.run({"user", "list"}), "has no users: give it `access: access.yaml`");
    refused(run_holdfast({"user", "list", "-c", site.file("none.yaml").string()}), "none.yaml");
}
