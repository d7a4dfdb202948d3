#include <holdfast/gateway/tls/handshake_notes.hpp>

#include <holdfast/base/log_line.hpp>

#include <chrono>

namespace holdfast::gateway {
namespace {

constexpr std::int64_t kLineIntervalMs = 1'000;

std::int64_t monotonic_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

} // namespace

HandshakeNotes::HandshakeNotes(Metrics& metrics)
    : done_(metrics.counter("holdfast_tls_handshakes", "TLS handshakes that succeeded.")),
      failed_(metrics.counter("holdfast_tls_handshakes_failed",
                              "TLS handshakes that failed, were refused or took too long.")) {}

void HandshakeNotes::failed(std::string_view address, std::string_view why) {
    failed_.add();
    const std::int64_t now_ms = monotonic_ms();
    std::int64_t next_ms = next_line_ms_.load();
    if (now_ms < next_ms ||
        !next_line_ms_.compare_exchange_strong(next_ms, now_ms + kLineIntervalMs)) {
        without_line_.fetch_add(1);
        return;
    }
    const std::uint64_t others = without_line_.exchange(0);
    if (others == 0)
        log_info("tls", "handshake with {} failed: {}", address, why);
    else
        log_info("tls", "handshake with {} failed: {} ({} more before were not logged)", address,
                 why, others);
}

} // namespace holdfast::gateway
