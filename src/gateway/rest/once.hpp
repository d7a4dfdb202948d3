#pragma once

#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>

#include <functional>
#include <memory>

namespace holdfast::gateway {

// Null where the request carries no Idempotency-Key.
using Ticket = std::shared_ptr<IdempotencyKeys::Ticket>;

// Answers a request whose Idempotency-Key was met before; else gives it to `handle`, which stores
// its answer with ticket->remember() and ends the ticket before it sends it.
void once(const RestParts& parts, HttpRequest request, const Reply& reply,
          std::function<void(HttpRequest, Reply, Ticket)> handle);

} // namespace holdfast::gateway
