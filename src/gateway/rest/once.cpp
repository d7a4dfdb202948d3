#include <holdfast/gateway/rest/once.hpp>

#include <holdfast/gateway/http/problem.hpp>

#include <utility>
#include <variant>

namespace holdfast::gateway {

void Once::handle(HttpRequest request, const Reply& reply,
                  std::function<void(HttpRequest, Reply, Ticket)> handle) const {
    if (!request.header("idempotency-key")) return handle(std::move(request), reply, nullptr);
    const bool pushed = queue_->try_push(
        [keys = keys_, asked = std::move(request), reply, handle = std::move(handle)] {
            auto turn = keys->begin(*asked.header("idempotency-key"), asked);
            if (auto* answer = std::get_if<HttpResponse>(&turn))
                return reply.send(std::move(*answer));
            handle(asked, reply, std::get<Ticket>(std::move(turn)));
        });
    if (!pushed) reply.send(problem(503, "too many requests are waiting; try again later"));
}

} // namespace holdfast::gateway
