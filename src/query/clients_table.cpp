#include <holdfast/query/table.hpp>

#include "query/cells.hpp"

#include <holdfast/broker/client_info.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace holdfast::query {
namespace {

using column::Type;
using column::Value;
using namespace cells;

constexpr std::size_t kClientsMax = 10'000;
// Shards answer between two turns; where they have ended they never do.
constexpr std::chrono::seconds kPatience{10};

Value time_or_null(std::int64_t ms) {
    return ms == 0 ? Value() : time_ms(ms);
}

class ClientsTable final : public Table {
public:
    explicit ClientsTable(broker::Clients& clients) : clients_(clients) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        const auto answer = std::make_shared<std::promise<broker::ClientList>>();
        auto listed = answer->get_future();
        clients_.list({"", kClientsMax},
                      [answer](broker::ClientList list) { answer->set_value(std::move(list)); });
        if (listed.wait_for(kPatience) != std::future_status::ready)
            return fail(Errc::closed, "the broker does not say who its clients are");
        for (const broker::ClientInfo& client : listed.get().clients) {
            const std::vector<Value> row{
                text(client.client_id),
                text_or_null(client.user),
                Value::of_bool(client.is_connected),
                text_or_null(client.address),
                text_or_null(client.listener),
                time_or_null(client.connected_ms),
                time_or_null(client.disconnected_ms),
                Value::of_bool(client.is_persistent),
                whole(client.protocol_version),
                whole(client.keep_alive_s),
                whole(client.subscription_count),
                whole(client.queued_messages),
                whole(client.queued_bytes),
                whole(client.in_flight),
            };
            HF_TRY(out.add(row));
        }
        return ok();
    }

private:
    broker::Clients& clients_;
    const sql::TableSchema schema_{"clients",
                                   {{"client_id", Type::text},
                                    {"user", Type::text},
                                    {"connected", Type::boolean},
                                    {"address", Type::text},
                                    {"listener", Type::text},
                                    {"connected_at", Type::timestamp},
                                    {"disconnected_at", Type::timestamp},
                                    {"persistent", Type::boolean},
                                    {"protocol_version", Type::int64},
                                    {"keep_alive_s", Type::int64},
                                    {"subscription_count", Type::int64},
                                    {"queued_messages", Type::int64},
                                    {"queued_bytes", Type::int64},
                                    {"in_flight", Type::int64}}};
};

} // namespace

std::unique_ptr<Table> clients_table(broker::Clients& clients) {
    return std::make_unique<ClientsTable>(clients);
}

} // namespace holdfast::query
