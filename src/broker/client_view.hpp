#pragma once

#include "broker/doorkeeper.hpp"
#include "broker/session_closer.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/broker/client_info.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::broker {

// One shard's share of broker::Clients. One thread.
class ClientView {
public:
    ClientView(ShardContext& context, Doorkeeper& doorkeeper, SessionCloser& closer)
        : context_(context), doorkeeper_(doorkeeper), closer_(closer) {}

    using Listed = std::function<void(ClientList)>;
    // `done` is called in a later turn where there are many sessions. A session that ends or
    // begins meanwhile may be in the list or not.
    void list(ClientQuery query, Listed done);
    [[nodiscard]] std::optional<ClientInfo> find(std::string_view client_id) const;
    [[nodiscard]] bool disconnect(std::string_view client_id, std::string_view why);

private:
    struct Scan {
        ClientQuery query;
        Listed done;
        std::uint32_t next_slot = 0;
        std::map<std::string, ClientInfo, std::less<>> found{}; // the first by client id
        bool is_truncated = false;
    };
    void go_on(const std::shared_ptr<Scan>& scan);
    void look_at(const Session& session, Scan& scan) const;

    ShardContext& context_;
    Doorkeeper& doorkeeper_;
    SessionCloser& closer_;
};

} // namespace holdfast::broker
