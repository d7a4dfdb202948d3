#include "gateway/tls/tls_session.hpp"

#include "gateway/tls/openssl_error.hpp"
#include "gateway/tls/peer_name.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

namespace holdfast::gateway {
namespace {

int size_of(std::size_t bytes) noexcept {
    return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
}

} // namespace

void TlsSession::Free::operator()(ssl_st* session) const noexcept {
    SSL_free(session);
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int fd)
    : context_(std::move(context)), session_(SSL_new(context_->native())) {
    if (!session_ || SSL_set_fd(session_.get(), fd) != 1) throw std::bad_alloc();
    SSL_set_accept_state(session_.get());
}

TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

TlsSession::Outcome TlsSession::outcome_of(int result) {
    if (result > 0) return {Status::done, static_cast<std::size_t>(result)};
    const int system_error = errno;
    switch (SSL_get_error(session_.get(), result)) {
        case SSL_ERROR_WANT_READ: return {Status::wants_read};
        case SSL_ERROR_WANT_WRITE: return {Status::wants_write};
        case SSL_ERROR_ZERO_RETURN: return {Status::closed};
        case SSL_ERROR_SYSCALL:
            ERR_clear_error();
            if (system_error == 0) return {Status::closed};
            error_ = std::strerror(system_error);
            return {Status::failed};
        default: error_ = "TLS: " + take_openssl_error(); return {Status::failed};
    }
}

// The queue of errors is the thread's, not the session's: what another one left there would be read
// as this one's.
TlsSession::Outcome TlsSession::handshake() {
    ERR_clear_error();
    errno = 0;
    return outcome_of(SSL_do_handshake(session_.get()));
}

bool TlsSession::is_established() const noexcept {
    return SSL_is_init_finished(session_.get()) == 1;
}

std::uint64_t TlsSession::bytes_read() const noexcept {
    return BIO_number_read(SSL_get_rbio(session_.get()));
}

TlsSession::Outcome TlsSession::read(std::span<std::byte> out) {
    assert(!out.empty());
    ERR_clear_error();
    errno = 0;
    return outcome_of(SSL_read(session_.get(), out.data(), size_of(out.size())));
}

TlsSession::Outcome TlsSession::peek() {
    std::byte next{};
    ERR_clear_error();
    errno = 0;
    return outcome_of(SSL_peek(session_.get(), &next, 1));
}

TlsSession::Outcome TlsSession::write(ByteView bytes) {
    assert(!bytes.empty());
    ERR_clear_error();
    errno = 0;
    return outcome_of(SSL_write(session_.get(), bytes.data(), size_of(bytes.size())));
}

void TlsSession::shut_down() noexcept {
    // After a failure OpenSSL forbids it, and nobody would hear it.
    if (error_.empty() && is_established()) (void)SSL_shutdown(session_.get());
    ERR_clear_error();
}

std::string TlsSession::peer_name() const {
    const X509* certificate = SSL_get0_peer_certificate(session_.get());
    if (certificate == nullptr || SSL_get_verify_result(session_.get()) != X509_V_OK) return {};
    return gateway::peer_name(certificate);
}

std::string TlsSession::version() const {
    return SSL_get_version(session_.get());
}

} // namespace holdfast::gateway
