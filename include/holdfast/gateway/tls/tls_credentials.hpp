#pragma once

#include <holdfast/gateway/tls/tls_context.hpp>

#include <cstdint>
#include <memory>
#include <mutex>

namespace holdfast::gateway {

// What a TLS listener shows of itself and asks of its clients, as its files say; they can be read
// again while it listens. Thread-safe.
class TlsCredentials {
public:
    // Errors: as TlsContext::load().
    [[nodiscard]] static Result<std::unique_ptr<TlsCredentials>> load(TlsSettings settings,
                                                                      std::int64_t now_ms);
    // Connections from now on get what the files say now; those that are there keep theirs. After
    // an error all is as it was.
    [[nodiscard]] Result<void> reload(std::int64_t now_ms);
    [[nodiscard]] std::shared_ptr<const TlsContext> current() const;
    [[nodiscard]] const TlsSettings& settings() const noexcept { return settings_; }

private:
    TlsCredentials(TlsSettings settings, std::shared_ptr<const TlsContext> context)
        : settings_(std::move(settings)), context_(std::move(context)) {}

    const TlsSettings settings_;
    mutable std::mutex mutex_;
    std::shared_ptr<const TlsContext> context_; // guarded by mutex_
};

} // namespace holdfast::gateway
