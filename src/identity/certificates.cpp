#include <holdfast/identity/certificates.hpp>

#include <fmt/format.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <memory>

namespace holdfast::identity {
namespace {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const noexcept {
        free(object);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

constexpr std::size_t kSerialBytes = 16; // random, as CA/Browser baseline requirements ask
// Of somebody whose clock is behind: a certificate made now is taken there, too.
constexpr long kBackdatedSeconds = 3600;

Error failed(std::string_view what, Errc code = Errc::io) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return fail(code, fmt::format("{}: {}", what, text.data()));
}

Bio reading(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Result<CertificateAndKey> to_pem(const Certificate& certificate, const Key& key) {
    const Bio first(BIO_new(BIO_s_mem()));
    const Bio second(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(first.get(), certificate.get()) != 1 ||
        PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1)
        return failed("cannot write a certificate");
    return CertificateAndKey{text_of(first), text_of(second)};
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension made(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    std::array<unsigned char, kSerialBytes> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
    bytes[0] &= 0x7F; // a serial number is positive
    const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
        BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// What is the same in all of them; without issuer, extensions and signature.
Result<Certificate> begin(const Key& key, std::string_view common_name, int days) {
    Certificate made(X509_new());
    X509_NAME* name = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
    constexpr long kSecondsPerDay = 86'400;
    if (X509_set_version(made.get(), X509_VERSION_3) != 1 || !set_serial(made.get()) ||
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -kBackdatedSeconds) == nullptr ||
        X509_gmtime_adj(X509_getm_notAfter(made.get()), days * kSecondsPerDay) == nullptr ||
        X509_set_pubkey(made.get(), key.get()) != 1 ||
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text,
                                   static_cast<int>(common_name.size()), -1, 0) != 1)
        return failed(fmt::format("cannot make a certificate for '{}'", common_name),
                      Errc::malformed);
    return made;
}

Result<Key> new_key() {
    Key key(EVP_EC_gen("P-256"));
    if (!key) return failed("cannot make a key");
    return key;
}

Result<CertificateAndKey> issue(const CertificateAndKey& ca, std::string_view common_name,
                                const std::string& usage, const std::string& names, int days) {
    const Certificate issuer(
        PEM_read_bio_X509(reading(ca.certificate).get(), nullptr, nullptr, nullptr));
    const Key issuer_key(PEM_read_bio_PrivateKey(reading(ca.key).get(), nullptr, nullptr, nullptr));
    HF_TRY(const Key key, new_key());
    HF_TRY(const Certificate made, begin(key, common_name, days));
    X509* raw = made.get();
    if (X509_set_issuer_name(raw, X509_get_subject_name(issuer.get())) != 1 ||
        !add_extension(raw, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(raw, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
        !add_extension(raw, issuer.get(), NID_ext_key_usage, usage) ||
        !add_extension(raw, issuer.get(), NID_subject_key_identifier, "hash") ||
        !add_extension(raw, issuer.get(), NID_authority_key_identifier, "keyid") ||
        (!names.empty() && !add_extension(raw, issuer.get(), NID_subject_alt_name, names)) ||
        X509_sign(raw, issuer_key.get(), EVP_sha256()) == 0)
        return failed(fmt::format("cannot sign a certificate for '{}'", common_name));
    return to_pem(made, key);
}

bool is_ip_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

// A list of names goes through OpenSSL's configuration syntax, in which a comma begins the next
// one: a host must not bring names of its own.
bool is_host(const std::string& host) {
    return !host.empty() && host.size() <= 253 &&
           host.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
               "0123456789.-_:*") == std::string::npos;
}

std::int64_t milliseconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
}

std::string common_name_of(const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) return {};
    std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return name;
}

std::string text_of(const GENERAL_NAME& name) {
    const ASN1_STRING* data = name.type == GEN_DNS     ? name.d.dNSName
                              : name.type == GEN_IPADD ? name.d.iPAddress
                                                       : nullptr;
    if (data == nullptr) return {};
    const auto* bytes = ASN1_STRING_get0_data(data);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(data));
    if (name.type == GEN_DNS) return {reinterpret_cast<const char*>(bytes), size};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = size == sizeof(in_addr) ? AF_INET : AF_INET6;
    if (size != sizeof(in_addr) && size != sizeof(in6_addr)) return {};
    return ::inet_ntop(family, bytes, text.data(), text.size()) != nullptr ? text.data() : "";
}

} // namespace

Result<CertificateAndKey> CertificateAuthority::make(std::string_view name, int days) {
    HF_TRY(const Key key, new_key());
    HF_TRY(const Certificate made, begin(key, name, days));
    X509* raw = made.get();
    if (X509_set_issuer_name(raw, X509_get_subject_name(raw)) != 1 ||
        !add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(raw, raw, NID_subject_key_identifier, "hash") ||
        X509_sign(raw, key.get(), EVP_sha256()) == 0)
        return failed("cannot sign the site's CA");
    return to_pem(made, key);
}

Result<CertificateAuthority> CertificateAuthority::load(const CertificateAndKey& ca) {
    const Certificate certificate(
        PEM_read_bio_X509(reading(ca.certificate).get(), nullptr, nullptr, nullptr));
    if (!certificate) return failed("the CA's certificate does not read", Errc::malformed);
    const Key key(PEM_read_bio_PrivateKey(reading(ca.key).get(), nullptr, nullptr, nullptr));
    if (!key) return failed("the CA's key does not read", Errc::malformed);
    if (X509_check_private_key(certificate.get(), key.get()) != 1)
        return failed("the CA's certificate and key do not belong together", Errc::malformed);
    return CertificateAuthority(ca);
}

Result<CertificateAndKey> CertificateAuthority::issue_server(const std::vector<std::string>& hosts,
                                                             int days) const {
    if (hosts.empty()) return fail(Errc::malformed, "a server's certificate names a host");
    std::string names;
    for (const std::string& host : hosts) {
        if (!is_host(host))
            return fail(Errc::malformed,
                        fmt::format("'{}' is neither a host name nor an IP address", host));
        names += fmt::format("{}{}:{}", names.empty() ? "" : ",",
                             is_ip_address(host) ? "IP" : "DNS", host);
    }
    // Clients judge by the names; the CN is for people, and bound to 64 bytes.
    return issue(ca_, hosts.front().substr(0, 64), "serverAuth", names, days);
}

Result<CertificateAndKey> CertificateAuthority::issue_client(std::string_view name,
                                                             int days) const {
    return issue(ca_, name, "clientAuth", {}, days);
}

Result<CertificateInfo> describe_certificate(std::string_view pem) {
    const Certificate certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
    if (!certificate) return failed("no certificate in PEM", Errc::malformed);
    CertificateInfo info;
    info.common_name = common_name_of(certificate.get());
    info.not_after_ms = milliseconds_of(X509_get0_notAfter(certificate.get()));
    const Names names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i)
        if (std::string text = text_of(*sk_GENERAL_NAME_value(names.get(), i)); !text.empty())
            info.names.push_back(std::move(text));
    return info;
}

} // namespace holdfast::identity
