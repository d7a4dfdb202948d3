#include "gateway/tls/peer_name.hpp"

#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>

namespace holdfast::gateway {
namespace {

std::string utf8(const ASN1_STRING* text) {
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, text);
    if (size < 0) return {};
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return out;
}

std::string common_name(const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    return at < 0 ? std::string()
                  : utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

// Public CAs leave the CN out by now; what they are asked to certify stands here.
std::string alternative_name(const X509* certificate) {
    struct Free {
        void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
    };
    const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        switch (name->type) {
            case GEN_DNS: return utf8(name->d.dNSName);
            case GEN_URI: return utf8(name->d.uniformResourceIdentifier);
            case GEN_EMAIL: return utf8(name->d.rfc822Name);
            default: break; // an address, or what no user is called
        }
    }
    return {};
}

} // namespace

std::string peer_name(const X509* certificate) {
    std::string name = common_name(certificate);
    return name.empty() ? alternative_name(certificate) : name;
}

} // namespace holdfast::gateway
