// Goal: a certificate names somebody by its CN, or by an alternative name where it has none.
// Method: certificates made by OpenSSL with one subject and one list of names a row.
#include <gateway/tls/peer_name.hpp>

#include <openssl/x509v3.h>
#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace holdfast;

namespace {

struct Free {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
};

std::unique_ptr<X509, Free> certificate(const std::string& common_name, const std::string& names) {
    std::unique_ptr<X509, Free> made(X509_new());
    if (!common_name.empty())
        X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name.data()),
                                   static_cast<int>(common_name.size()), -1, 0);
    if (names.empty()) return made;
    const std::unique_ptr<X509_EXTENSION, Free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
    REQUIRE(extension);
    REQUIRE(X509_add_ext(made.get(), extension.get(), -1) == 1);
    return made;
}

} // namespace

TEST_CASE("a certificate names its user by CN, else by an alternative name", "[gateway][tls]") {
    struct Row {
        const char* common_name;
        const char* names;
        const char* user;
    };
    const auto row = GENERATE(values<Row>({
        {"press-7", "", "press-7"},
        {"press-7", "DNS:other", "press-7"},
        {"", "DNS:press-7.plant", "press-7.plant"},
        {"", "IP:10.0.0.7,URI:urn:dev:mac:0024,DNS:late", "urn:dev:mac:0024"},
        {"", "email:eve@plant", "eve@plant"},
        {"", "IP:10.0.0.7", ""},
        {"", "", ""},
        {"Pumpe \xC3\xA4", "", "Pumpe \xC3\xA4"},
    }));
    CAPTURE(row.common_name, row.names);
    CHECK(gateway::peer_name(certificate(row.common_name, row.names).get()) == row.user);
}
