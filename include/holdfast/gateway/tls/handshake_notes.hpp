#pragma once

#include <holdfast/base/metrics.hpp>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace holdfast::gateway {

// What is told of TLS handshakes: two counters, and a line for one that failed, at most one a
// second, since strangers must not fill the server's own log. Thread-safe.
class HandshakeNotes {
public:
    explicit HandshakeNotes(Metrics& metrics);
    void succeeded() noexcept { done_.add(); }
    void failed(std::string_view address, std::string_view why);

private:
    Counter& done_;
    Counter& failed_;
    std::atomic<std::int64_t> next_line_ms_{0};
    std::atomic<std::uint64_t> without_line_{0}; // since the last one
};

} // namespace holdfast::gateway
