#pragma once

#include <holdfast/gateway/tls/tls_context.hpp>

#include <holdfast/identity/certificates.hpp>
#include <support/temp_dir.hpp>

#include <catch2/catch.hpp>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace holdfast::test {

inline void put(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file) << text;
}

// A CA, a server and a client certificate of it in a directory.
struct TlsSite {
    TempDir dir;
    identity::CertificateAndKey ca = identity::CertificateAuthority::make("a site", 400).value();
    identity::CertificateAuthority authority = identity::CertificateAuthority::load(ca).value();
    identity::CertificateAndKey client = authority.issue_client("press-7", 30).value();

    TlsSite() {
        const auto server = authority.issue_server({"localhost", "127.0.0.1"}, 30).value();
        put(path("server.crt"), server.certificate);
        put(path("server.key"), server.key);
        put(path("ca.crt"), ca.certificate);
    }
    [[nodiscard]] std::filesystem::path path(const char* name) const { return dir.path() / name; }
    [[nodiscard]] gateway::TlsSettings settings(
        gateway::ClientCertificates clients = gateway::ClientCertificates::off) const {
        return {path("server.crt"), path("server.key"), clients, path("ca.crt")};
    }
    [[nodiscard]] std::shared_ptr<const gateway::TlsContext> context(
        gateway::ClientCertificates clients = gateway::ClientCertificates::off) const {
        const auto loaded = gateway::TlsContext::load(settings(clients), 0);
        INFO((loaded ? "" : loaded.error().context));
        REQUIRE(loaded);
        return loaded.value();
    }
};

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const noexcept {
        free(object);
    }
};

// OpenSSL's client; what it takes and refuses is not ours to say.
struct TlsClient {
    std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
    std::unique_ptr<SSL, Freed<SSL_free>> session;
    int fd = -1;

    void use(const identity::CertificateAndKey& pair) const {
        const std::unique_ptr<BIO, Freed<BIO_free_all>> certificate(
            BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size())));
        const std::unique_ptr<BIO, Freed<BIO_free_all>> key(
            BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size())));
        const std::unique_ptr<X509, Freed<X509_free>> x509(
            PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
        const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> private_key(
            PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
        REQUIRE(SSL_CTX_use_certificate(context.get(), x509.get()) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey(context.get(), private_key.get()) == 1);
    }
    void trust(const std::filesystem::path& ca) const {
        REQUIRE(SSL_CTX_load_verify_locations(context.get(), ca.c_str(), nullptr) == 1);
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    void begin(int socket) {
        fd = socket;
        session.reset(SSL_new(context.get()));
        SSL_set_fd(session.get(), fd);
        SSL_set_connect_state(session.get());
        SSL_set1_host(session.get(), "localhost");
    }
};

} // namespace holdfast::test
