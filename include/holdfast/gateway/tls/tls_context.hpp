#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace holdfast::gateway {

enum class ClientCertificates : std::uint8_t {
    off,      // not asked for
    asked,    // one that is given must be good; none is taken, too
    required, // none, or a bad one, ends the handshake
};

struct TlsSettings {
    std::filesystem::path certificate; // PEM: the server's, then those between it and the root
    std::filesystem::path key;         // PEM
    ClientCertificates clients = ClientCertificates::off;
    std::filesystem::path client_ca; // PEM; unless off
};

// What all sessions of a TLS listener share: certificate, key, protocol versions. Immutable; a
// reload makes another one, and sessions keep the one that they began with. Thread-safe.
class TlsContext {
public:
    // Reads the files. TLS 1.2 and 1.3; of 1.2 only suites with forward secrecy and authenticated
    // encryption (RFC 9325 section 4.2); no compression, no renegotiation. Errors: malformed, io,
    // naming the file: it does not read, key and certificate do not belong together, or the
    // certificate has expired.
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> load(const TlsSettings& settings,
                                                                        std::int64_t now_ms);

    // The moment from which the certificate is no good any more, epoch milliseconds.
    [[nodiscard]] std::int64_t expires_ms() const noexcept { return expires_ms_; }
    [[nodiscard]] ssl_ctx_st* native() const noexcept { return context_.get(); }

private:
    struct Free {
        void operator()(ssl_ctx_st* context) const noexcept;
    };
    using Handle = std::unique_ptr<ssl_ctx_st, Free>;
    TlsContext(Handle context, std::int64_t expires_ms)
        : context_(std::move(context)), expires_ms_(expires_ms) {}

    Handle context_;
    std::int64_t expires_ms_;
};

} // namespace holdfast::gateway
