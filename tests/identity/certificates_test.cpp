// Goal: a site's certificates say what they are for, and nothing that a name smuggles in.

#include <holdfast/identity/certificates.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace holdfast;
using identity::CertificateAuthority;

namespace {

CertificateAuthority some_ca() {
    return CertificateAuthority::load(CertificateAuthority::make("a site", 400).value()).value();
}

} // namespace

TEST_CASE("a server's certificate stands for its hosts, for its time", "[identity][certificates]") {
    const auto made = some_ca().issue_server({"plant.local", "10.0.0.5", "::1"}, 30);
    REQUIRE(made);
    const auto info = identity::describe_certificate(made.value().certificate);
    REQUIRE(info);
    CHECK(info.value().common_name == "plant.local");
    CHECK(info.value().names == std::vector<std::string>{"plant.local", "10.0.0.5", "::1"});
    const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
    constexpr std::int64_t kDayMs = 86'400'000;
    CHECK(std::abs(info.value().not_after_ms - now_ms - 30 * kDayMs) < 60'000);
}

TEST_CASE("a client's certificate carries its user's name as it is", "[identity][certificates]") {
    for (const std::string& name : {std::string("press-7"), std::string("t\u00fcr,CN=root"),
                                    std::string("a/CN=b"), std::string(64, 'x')}) {
        const auto made = some_ca().issue_client(name, 30);
        REQUIRE(made);
        CHECK(identity::describe_certificate(made.value().certificate).value().common_name == name);
    }
    CHECK(some_ca().issue_client(std::string(65, 'x'), 30).error().code == Errc::malformed);
}

TEST_CASE("a host cannot bring further names", "[identity][certificates]") {
    for (const std::string& host :
         {std::string("a,DNS:b"), std::string("a\nb"), std::string(), std::string("a b")})
        CHECK(some_ca().issue_server({host}, 30).error().code == Errc::malformed);
    CHECK(some_ca().issue_server({}, 30).error().code == Errc::malformed);
}

TEST_CASE("a CA whose parts do not belong together is refused", "[identity][certificates]") {
    const auto one = CertificateAuthority::make("one", 30).value();
    const auto other = CertificateAuthority::make("other", 30).value();
    CHECK(CertificateAuthority::load({one.certificate, other.key}).error().code == Errc::malformed);
    CHECK(CertificateAuthority::load({"", one.key}).error().code == Errc::malformed);
    CHECK(CertificateAuthority::load({one.certificate, "no key"}).error().code == Errc::malformed);
    CHECK(identity::describe_certificate("no certificate").error().code == Errc::malformed);
}
