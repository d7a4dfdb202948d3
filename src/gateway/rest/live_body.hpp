#pragma once

#include <gateway/rest/live_source.hpp>
#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace holdfast::gateway {

struct LiveSettings {
    std::vector<std::unique_ptr<LiveSource>> sources;
    // False where it has to end: then the client asks again, with the rights that it has then.
    std::function<bool()> is_good;
    std::shared_ptr<void> place; // among the connections that are served at once
};

// What the sources have, as server-sent events, until it is not good any more or somebody hangs up.
// `session` is the reply that this is the body of.
[[nodiscard]] std::shared_ptr<BodyStream> make_live_body(WorkQueue& work, Reply session,
                                                         LiveSettings settings);

} // namespace holdfast::gateway
