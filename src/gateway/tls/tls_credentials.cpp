#include <holdfast/gateway/tls/tls_credentials.hpp>

#include <utility>

namespace holdfast::gateway {

Result<std::unique_ptr<TlsCredentials>> TlsCredentials::load(TlsSettings settings,
                                                             std::int64_t now_ms) {
    HF_TRY(auto context, TlsContext::load(settings, now_ms));
    return std::unique_ptr<TlsCredentials>(
        new TlsCredentials(std::move(settings), std::move(context)));
}

Result<void> TlsCredentials::reload(std::int64_t now_ms) {
    HF_TRY(auto context, TlsContext::load(settings_, now_ms));
    const std::lock_guard lock(mutex_);
    context_.swap(context);
    return ok();
}

std::shared_ptr<const TlsContext> TlsCredentials::current() const {
    const std::lock_guard lock(mutex_);
    return context_;
}

} // namespace holdfast::gateway
