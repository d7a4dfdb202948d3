#include <gateway/http/mqtt_handover.hpp>

#include <gateway/mqtt/channel.hpp>
#include <gateway/mqtt/layers.hpp>
#include <gateway/ws/upgrade.hpp>
#include <holdfast/gateway/address_limits.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/mqtt/shard_thread.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::gateway {
namespace {

std::size_t connection_count(const MqttOverHttp& to) {
    std::size_t sum = 0;
    for (const ShardThread* shard : to.shards) sum += shard->connection_count();
    return sum;
}

// The one with the fewest, since listeners deal out independently of each other.
ShardThread& next_shard(const MqttOverHttp& to) {
    return **std::ranges::min_element(
        to.shards, {}, [](const ShardThread* shard) { return shard->connection_count(); });
}

} // namespace

bool is_mqtt(const HttpRequest& request, const HttpDoor& door) {
    return door.mqtt && request.method == "GET" && request.path == ws::kMqttPath;
}

std::variant<OpenedMqtt, HttpResponse> opened_mqtt(const HttpRequest& request,
                                                   const RequestReader& reader, HttpStream& stream,
                                                   const MqttOverHttp& to) {
    auto opened = ws::open(request);
    if (auto* refusal = std::get_if<HttpResponse>(&opened)) return std::move(*refusal);
    if (reader.is_http_1_0() || reader.has_body())
        return problem(400, "a WebSocket begins with HTTP/1.1 and no body");
    if (connection_count(to) >= to.connections_max)
        return problem(503, "too many MQTT connections");
    OpenedMqtt out{std::move(std::get<std::string>(opened)), {}};
    boost::system::error_code gone;
    auto address = stream.socket().remote_endpoint(gone);
    if (gone) return HttpResponse{0, {}};
    if (to.addresses != nullptr) {
        using Verdict = AddressLimits::Verdict;
        auto answer =
            to.addresses->admit(network_of(*address.data()), std::chrono::steady_clock::now());
        if (answer.verdict == Verdict::too_fast)
            return problem(429, "this address opens MQTT connections too often");
        if (answer.verdict == Verdict::too_many)
            return problem(429, "this address has too many MQTT connections");
        out.peer.place = std::move(answer.place);
    }
    out.peer.address = fmt::format("{}:{}", address.address().to_string(), address.port());
    if (stream.tls() != nullptr) out.peer.common_name = stream.tls()->peer_name();
    out.peer.door = to.door;
    return out;
}

void hand_over(HttpStream& stream, RequestReader& reader, broker::Peer peer,
               const MqttOverHttp& to) {
    HttpStream::Released released = stream.release();
    if (released.fd < 0) return;
    Layers layers(std::move(released.tls), reader.take_unread());
    next_shard(to).adopt(Channel(released.fd, std::move(layers)), std::move(peer));
}

} // namespace holdfast::gateway
