#pragma once

#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>

#include <functional>
#include <memory>

namespace holdfast::gateway {

// Null where the request carries no Idempotency-Key.
using Ticket = std::shared_ptr<IdempotencyKeys::Ticket>;

// Sees to it that a request with an Idempotency-Key is handled once. Copies share keys and queue,
// which outlive them and all requests.
class Once {
public:
    // Keys are looked up on `queue`: that reads the disk.
    Once(IdempotencyKeys& keys, WorkQueue& queue) : keys_(&keys), queue_(&queue) {}

    // Answers a request whose key was met before; else gives it to `handle`, which stores its
    // answer with ticket->remember() and ends the ticket before it sends it.
    void handle(HttpRequest request, const Reply& reply,
                std::function<void(HttpRequest, Reply, Ticket)> handle) const;

private:
    IdempotencyKeys* keys_;
    WorkQueue* queue_;
};

} // namespace holdfast::gateway
