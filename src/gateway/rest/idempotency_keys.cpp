#include <holdfast/gateway/rest/idempotency_keys.hpp>

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/crc32c.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/keyspace.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kFingerprintBytes = 16; // target CRC 4 | body CRC 4 | body size 8
constexpr std::size_t kExpiredAtOnce = 10'000;

// Tells a mistaken use of a key from a repetition; not made to withstand an attack.
std::string fingerprint(const HttpRequest& request) {
    std::string target = request.method + " " + request.path;
    for (const auto& [name, value] : request.query) target += "&" + name + "=" + value;
    // Without users nothing is added, so that keys of before an update are known after it.
    if (const std::string& user = request.caller->principal.name; !user.empty())
        target += " of " + user;
    Bytes bytes;
    ByteWriter writer(bytes);
    writer.u32_be(crc32c(as_bytes(target)));
    writer.u32_be(crc32c(as_bytes(request.body)));
    writer.u64_be(request.body.size());
    return std::string(as_text(bytes));
}

std::int64_t time_of(std::string_view value) {
    return value.size() < kTimeBytes
               ? 0
               : static_cast<std::int64_t>(load_u64_be(as_bytes(value).data()));
}

} // namespace

IdempotencyKeys::Ticket::Ticket(IdempotencyKeys& keys, std::string key, std::string fingerprint)
    : keys_(keys), key_(std::move(key)), fingerprint_(std::move(fingerprint)) {}

// Value: time 8 (epoch milliseconds) | fingerprint | the answer's body.
log::StateChange IdempotencyKeys::Ticket::remember(std::string_view answer) const {
    Bytes time;
    ByteWriter(time).u64_be(static_cast<std::uint64_t>(keys_.clock_.now_ms()));
    keys_.count_.fetch_add(1, std::memory_order_relaxed);
    return {kAnswersKeyspace, key_, fmt::format("{}{}{}", as_text(time), fingerprint_, answer)};
}

void IdempotencyKeys::Ticket::end() {
    if (has_ended_.exchange(true)) return;
    const std::lock_guard lock(keys_.mutex_);
    keys_.under_way_.erase(key_);
}

IdempotencyKeys::Turn IdempotencyKeys::begin(std::string_view key, const HttpRequest& request) {
    if (key.empty() || key.size() > kKeyBytesMax)
        return problem(400, fmt::format("Idempotency-Key: 1 to {} bytes", kKeyBytesMax));
    {
        const std::lock_guard lock(mutex_);
        if (!under_way_.emplace(key).second)
            return problem(409, "a request with this Idempotency-Key is under way");
    }
    const std::string asked = fingerprint(request);
    auto ticket = std::make_shared<Ticket>(*this, std::string(key), asked);
    const auto known = log_.state(kAnswersKeyspace, key);
    if (!known) return problem(known.error());
    if (known.value() && time_of(*known.value()) >= clock_.now_ms() - kKeptMs) {
        const std::string_view value = *known.value();
        if (value.substr(kTimeBytes, kFingerprintBytes) != asked)
            return problem(422, "this Idempotency-Key belonged to another request");
        return HttpResponse{200,
                            "application/json",
                            {{"Idempotent-Replayed", "true"}},
                            std::string(value.substr(kTimeBytes + kFingerprintBytes))};
    }
    if (count_ >= kKeysMax)
        return problem(429, fmt::format("{} Idempotency-Keys are kept already; each goes after a "
                                        "day",
                                        kKeysMax));
    return ticket;
}

Result<std::size_t> IdempotencyKeys::expire(std::int64_t now_ms) {
    const std::int64_t before_ms = now_ms - kKeptMs;
    std::size_t expired = 0;
    for (;;) {
        std::size_t kept = 0;
        std::vector<log::StateChange> changes;
        HF_TRY(log_.scan_state(kAnswersKeyspace, "",
                               [&](std::string_view key, std::string_view value) {
                                   if (time_of(value) >= before_ms)
                                       ++kept;
                                   else
                                       changes.push_back({kAnswersKeyspace, std::string(key), {}});
                                   return changes.size() < kExpiredAtOnce;
                               }));
        const bool is_last = changes.size() < kExpiredAtOnce;
        expired += changes.size();
        HF_TRY(log::StateWrite::write(log_, std::move(changes)));
        if (!is_last) continue;
        count_ = kept;
        return expired;
    }
}

} // namespace holdfast::gateway
