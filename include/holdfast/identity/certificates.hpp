#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::identity {

// A certificate and its key, both as PEM. The key is a secret.
struct CertificateAndKey {
    std::string certificate;
    std::string key;
};

// X.509 for one site: a CA that stands for itself, and what it signs. Keys are on the curve P-256,
// signatures ECDSA with SHA-256 (RFC 5480): what TLS 1.2 and 1.3 clients of the last decade speak,
// and embedded ones are quick with.
class CertificateAuthority {
public:
    // A new one, named `name`, good for `days`. Errors: io (no randomness).
    [[nodiscard]] static Result<CertificateAndKey> make(std::string_view name, int days);
    // malformed where the two do not read, or do not belong together.
    [[nodiscard]] static Result<CertificateAuthority> load(const CertificateAndKey& ca);

    // For a server that is reached by `hosts`: names or IP addresses, at least one.
    [[nodiscard]] Result<CertificateAndKey> issue_server(const std::vector<std::string>& hosts,
                                                         int days) const;
    // For a client whose user name is `name`: the CN, at most 64 bytes (RFC 5280's ub-common-name).
    [[nodiscard]] Result<CertificateAndKey> issue_client(std::string_view name, int days) const;

private:
    explicit CertificateAuthority(CertificateAndKey ca) : ca_(std::move(ca)) {}
    CertificateAndKey ca_;
};

struct CertificateInfo {
    std::string common_name;        // empty: none
    std::vector<std::string> names; // DNS names and IP addresses it stands for
    std::int64_t not_after_ms = 0;  // the last moment it is good, epoch milliseconds
};
// Of the first certificate of a PEM text. Errors: malformed.
[[nodiscard]] Result<CertificateInfo> describe_certificate(std::string_view pem);

} // namespace holdfast::identity
