#pragma once

#include <holdfast/broker/subscription_index.hpp>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::broker {

// Which session holds a client id, over all shards. Thread-safe.
class ClientRegistry {
public:
    // `session` holds `client_id` from now on; gives the session that held it before, which the
    // caller asks to go.
    [[nodiscard]] std::optional<SessionRef> claim(std::string_view client_id, SessionRef session) {
        const std::lock_guard lock(mutex_);
        const auto [found, is_new] = holders_.try_emplace(std::string(client_id), session);
        if (is_new) return std::nullopt;
        const SessionRef before = found->second;
        found->second = session;
        return before;
    }
    // No effect where another session has claimed the id meanwhile.
    void release(std::string_view client_id, SessionRef session) {
        const std::lock_guard lock(mutex_);
        const auto found = holders_.find(std::string(client_id));
        if (found != holders_.end() && found->second == session) holders_.erase(found);
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return holders_.size();
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, SessionRef> holders_; // guarded by mutex_
};

} // namespace holdfast::broker
