#include <holdfast/gateway/tls/tls_context.hpp>

#include "gateway/tls/openssl_error.hpp"

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <ctime>

namespace holdfast::gateway {
namespace {

// TLS 1.2: ephemeral keys and AEAD only, as RFC 9325 section 4.2 asks. All suites of 1.3 are such.
constexpr const char* kSuites12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
// Compression leaks (CRIME), renegotiation lets a client make us compute for nothing. A peer that
// just hangs up is the end of its connection like any other: MQTT knows by itself what is whole.
constexpr long kOptions = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                          SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                          SSL_OP_IGNORE_UNEXPECTED_EOF;

Error failed(const std::filesystem::path& file, std::string_view what) {
    return fail(Errc::malformed,
                fmt::format("{}: {}: {}", file.string(), what, take_openssl_error()));
}

std::int64_t milliseconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
}

Result<void> ask_clients(ssl_ctx_st* context, const TlsSettings& settings) {
    if (settings.clients == ClientCertificates::off) return ok();
    const std::string file = settings.client_ca.string();
    if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1)
        return failed(settings.client_ca, "no certificates of a client CA");
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file.c_str()));
    const bool is_required = settings.clients == ClientCertificates::required;
    SSL_CTX_set_verify(
        context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    // Tickets would let a client come back without its certificate being looked at again.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return ok();
}

} // namespace

std::string take_openssl_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "unknown reason";
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) return reason;
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept {
    SSL_CTX_free(context);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsSettings& settings,
                                                           std::int64_t now_ms) {
    Handle context(SSL_CTX_new(TLS_server_method()));
    ssl_ctx_st* raw = context.get();
    if (raw == nullptr || SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(raw, kSuites12) != 1)
        return fail(Errc::io, "TLS: " + take_openssl_error());
    SSL_CTX_set_options(raw, kOptions);
    // Buffers go while a connection is idle; writes may be repeated from another address, since
    // what was not sent waits in a backlog.
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(raw, settings.certificate.c_str()) != 1)
        return failed(settings.certificate, "no certificate");
    if (SSL_CTX_use_PrivateKey_file(raw, settings.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return failed(settings.key, "no key of this certificate");
    if (SSL_CTX_check_private_key(raw) != 1)
        return failed(settings.key, "not the key of this certificate");
    HF_TRY(ask_clients(raw, settings));
    const std::int64_t expires_ms =
        milliseconds_of(X509_get0_notAfter(SSL_CTX_get0_certificate(raw)));
    if (expires_ms <= now_ms)
        return fail(Errc::malformed,
                    settings.certificate.string() + ": the certificate has expired");
    return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context), expires_ms));
}

} // namespace holdfast::gateway
