#include <gateway/rest/once.hpp>

#include <holdfast/gateway/http/problem.hpp>

#include <utility>
#include <variant>

namespace holdfast::gateway {

void once(const RestParts& parts, HttpRequest request, const Reply& reply,
          std::function<void(HttpRequest, Reply, Ticket)> handle) {
    if (!request.header("idempotency-key")) return handle(std::move(request), reply, nullptr);
    if (parts.idempotency == nullptr)
        return reply.send(problem(501, "Idempotency-Key is not served here"));
    const bool pushed = parts.work.try_push([&keys = *parts.idempotency, asked = std::move(request),
                                             reply, handle = std::move(handle)] {
        auto turn = keys.begin(*asked.header("idempotency-key"), asked);
        if (auto* answer = std::get_if<HttpResponse>(&turn)) return reply.send(std::move(*answer));
        handle(asked, reply, std::get<Ticket>(std::move(turn)));
    });
    if (!pushed) reply.send(problem(503, "too many requests are waiting; try again later"));
}

} // namespace holdfast::gateway
