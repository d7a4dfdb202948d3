#include <gateway/rest/json.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/generated_body.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

Result<alarms::Registry::Filter> read_filter(const HttpRequest& request) {
    alarms::Registry::Filter filter;
    const auto state = request.query_value("state");
    if (state == "active")
        filter.state = alarms::AlarmState::active;
    else if (state == "cleared")
        filter.state = alarms::AlarmState::cleared;
    else if (state)
        return fail(Errc::malformed, "state: only active and cleared are known");
    filter.source = request.query_value("source").value_or("");
    HF_TRY(const auto limit, request.integer("limit", 100, 1, 10'000));
    filter.limit = static_cast<std::size_t>(limit);
    return filter;
}

// The alarms as one JSON array, a piece at a time: each may carry kilobytes of details.
class AlarmPieces {
public:
    explicit AlarmPieces(std::vector<alarms::Alarm> alarms) : alarms_(std::move(alarms)) {}

    std::optional<std::string> next() {
        if (is_over_) return std::nullopt;
        std::string piece;
        if (at_ == 0) piece += '[';
        while (at_ < alarms_.size() && piece.size() < kPieceBytes) {
            if (at_ > 0) piece += ',';
            piece += alarms::to_json(alarms_[at_++]);
        }
        if (at_ == alarms_.size()) {
            piece += ']';
            is_over_ = true;
        }
        return piece;
    }
    [[nodiscard]] bool is_over() const noexcept { return is_over_; }

private:
    std::vector<alarms::Alarm> alarms_;
    std::size_t at_ = 0;
    bool is_over_ = false;
};

Result<HttpResponse> list(const alarms::Registry& registry, WorkQueue& queue,
                          const HttpRequest& request, const Reply& reply) {
    HF_TRY(const auto filter, read_filter(request));
    auto pieces = std::make_shared<AlarmPieces>(registry.list(filter));
    HttpResponse response;
    response.body = *pieces->next();
    if (pieces->is_over()) return response; // as nearly always: small, with its length
    response.stream = make_generated_body(
        queue, reply,
        [pieces,
         first = std::exchange(response.body, {})]() mutable -> Result<std::optional<std::string>> {
            if (!first.empty()) return std::optional(std::exchange(first, {}));
            return pieces->next();
        });
    return response;
}

} // namespace

void add_alarm_routes(Router& router, const alarms::Registry& registry, WorkQueue& queue) {
    router.add("GET", "/api/v1/alarms", {"state", "source", "limit"},
               Right::area(access::Action::read, "alarms"),
               [&registry, &queue](HttpRequest request, const Reply& reply) {
                   const bool pushed =
                       queue.try_push([&registry, &queue, reply, asked = std::move(request)] {
                           auto answer = list(registry, queue, asked, reply);
                           reply.send(answer ? std::move(answer).value() : problem(answer.error()));
                       });
                   if (!pushed)
                       reply.send(problem(503, "too many requests are waiting; try again later"));
               });
}

} // namespace holdfast::gateway
