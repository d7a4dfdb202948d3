#include "app/query/query_target.hpp"

#include <holdfast/gateway/http/problem.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>
#include <variant>

namespace holdfast::app {
namespace {

namespace json = boost::json;

json::value to_json(const query::Parameter& parameter) {
    return std::visit(
        [](const auto& value) -> json::value {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
                return nullptr;
            else
                return json::value(value);
        },
        parameter);
}

std::string body_of(const query::Request& request, std::string_view format) {
    json::object body{{"sql", request.sql}, {"format", format}};
    if (!request.named.empty()) {
        json::object params;
        for (const auto& [name, value] : request.named) params[name] = to_json(value);
        body["params"] = std::move(params);
    }
    return json::serialize(body);
}

class QueryServer final : public QueryTarget {
public:
    explicit QueryServer(ServerOptions server) : server_(std::move(server)) {}

    Result<void> ask(const query::Request& request, std::string_view format,
                     const Take& take) override {
        gateway::HttpRequest asked;
        asked.method = "POST";
        asked.path = "/api/v1/query";
        asked.headers.emplace_back("Content-Type", "application/json");
        asked.body = body_of(request, format);
        HF_TRY(auto client, connect_to(server_));
        HF_TRY(const auto response, client.stream(asked, take));
        if (response.status != 200) return fail(Errc::malformed, gateway::detail_of(response));
        return ok();
    }

private:
    const ServerOptions server_;
};

} // namespace

std::unique_ptr<QueryTarget> query_server(ServerOptions server) {
    return std::make_unique<QueryServer>(std::move(server));
}

} // namespace holdfast::app
