#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/http/message.hpp>
#include <holdfast/log/log.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>

namespace holdfast::gateway {

// The answers to requests that carried an Idempotency-Key, kept in the log together with what they
// stored: a repetition gets the same answer and stores nothing again, also after a crash.
// Thread-safe. Source: draft-ietf-httpapi-idempotency-key-header.
class IdempotencyKeys {
public:
    static constexpr std::int64_t kKeptMs = 86'400'000;
    static constexpr std::size_t kKeysMax = 1'000'000;
    static constexpr std::size_t kKeyBytesMax = 255;

    // Both outlive it and its tickets.
    IdempotencyKeys(log::Log& log, const Clock& clock) : log_(log), clock_(clock) {}

    // Held by the one request that may use its key. Others with that key are refused meanwhile.
    class Ticket {
    public:
        Ticket(IdempotencyKeys& keys, std::string key, std::string fingerprint);
        ~Ticket() { end(); }
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;

        // What stores the answer (status 200, JSON); belongs into the request's own append.
        [[nodiscard]] log::StateChange remember(std::string_view answer) const;
        // Before the answer is sent, so that a repetition of it finds the key free.
        void end();

    private:
        IdempotencyKeys& keys_;
        const std::string key_;
        const std::string fingerprint_;
        std::atomic<bool> has_ended_{false};
    };

    // A ticket, or what to answer at once: as the first time; 400 for a key that is none; 409 while
    // the first request is under way; 422 where that was another one; 429 past kKeysMax. Reads the
    // disk.
    using Turn = std::variant<HttpResponse, std::shared_ptr<Ticket>>;
    [[nodiscard]] Turn begin(std::string_view key, const HttpRequest& request);

    // Forgets answers older than kKeptMs by `now_ms` and counts the others. How many went. To be
    // called at the start and now and then. Errors: io, of a write.
    [[nodiscard]] Result<std::size_t> expire(std::int64_t now_ms);

private:
    log::Log& log_;
    const Clock& clock_;
    std::atomic<std::size_t> count_{0}; // about: exact after expire()
    std::mutex mutex_;
    std::unordered_set<std::string> under_way_; // guarded by mutex_
};

} // namespace holdfast::gateway
