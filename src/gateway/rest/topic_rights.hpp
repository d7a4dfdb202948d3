#pragma once

#include <gateway/rest/topic_table.hpp>
#include <holdfast/access/policy.hpp>

#include <cstdint>
#include <unordered_map>
#include <utility>

namespace holdfast::log {
class Log;
}

namespace holdfast::gateway {

// Which topics somebody may see: those that he may subscribe to, and those whose last message lies
// in a stream that he may read. He could get at both without us. Remembers what it found of each
// stream: for one answer, not longer. One thread; `log` outlives it.
class TopicRights {
public:
    TopicRights(access::Rights rights, const log::Log& log)
        : rights_(std::move(rights)), log_(log) {}

    [[nodiscard]] bool may_see(const TopicState& topic);

private:
    const access::Rights rights_;
    const log::Log& log_;
    std::unordered_map<std::uint32_t, bool> may_read_; // by stream
};

} // namespace holdfast::gateway
