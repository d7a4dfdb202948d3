#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/rest/live.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace holdfast::gateway {

// Connections that are served at once: each costs a look every quarter of a second.
// Nobody may have them all. Thread-safe.
class LivePlaces {
public:
    // Held as long as what it gives. limit_exceeded.
    [[nodiscard]] static Result<std::shared_ptr<void>> take(
        const std::shared_ptr<LivePlaces>& places, const std::string& user) {
        const std::lock_guard lock(places->mutex_);
        if (places->taken_ >= kLiveConnectionsMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("{} live connections are served already", kLiveConnectionsMax));
        std::size_t& of_user = places->of_user_[user];
        if (!user.empty() && of_user >= kLiveConnectionsOfUserMax)
            return fail(Errc::limit_exceeded, fmt::format("'{}' has {} live connections already",
                                                          user, kLiveConnectionsOfUserMax));
        ++places->taken_;
        ++of_user;
        return std::shared_ptr<void>(places.get(),
                                     [places, user](void*) { places->give_back(user); });
    }

private:
    void give_back(const std::string& user) {
        const std::lock_guard lock(mutex_);
        --taken_;
        const auto found = of_user_.find(user);
        if (--found->second == 0) of_user_.erase(found);
    }

    std::mutex mutex_;
    std::size_t taken_ = 0;                      // guarded by mutex_
    std::map<std::string, std::size_t> of_user_; // guarded by mutex_; those that have some
};

} // namespace holdfast::gateway
