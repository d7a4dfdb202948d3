#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/log/log.hpp>

#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {

// The streams that the caller may read, by name; `stream=` of the request leaves one. Of the others
// nothing is said, not that they have devices either.
struct ReadableStreams {
    std::vector<std::pair<std::string, StreamId>> all;

    [[nodiscard]] static ReadableStreams of(const log::Log& log, const HttpRequest& request);
    [[nodiscard]] const std::string& name_of(StreamId id) const; // of one of them
};

} // namespace holdfast::gateway
