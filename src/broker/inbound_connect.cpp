#include "broker/inbound.hpp"
#include "broker/outbound.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace holdfast::broker {
namespace {

constexpr std::uint16_t kKeepAliveFactorPercent = 150; // [MQTT5-3.1.2-22]

std::string assigned_client_id() {
    // Not a secret, only unlikely to meet: the registry settles the rest.
    thread_local std::random_device source;
    return fmt::format("auto-{:08x}{:08x}", source(), source());
}

} // namespace

bool Inbound::on_connect(Session& session, ByteView body) {
    const auto decoded = mqtt::decode_connect(body);
    if (!decoded) {
        shard_.broker_.counters().refused_connects.add();
        if (decoded.error().code == Errc::not_supported)
            return refuse_connect(session, mqtt::ReasonCode::unsupported_protocol_version,
                                  decoded.error().context);
        return malformed(session, decoded.error());
    }
    const mqtt::Connect& connect = decoded.value();
    session.version = connect.version;
    session.wants_problem_information =
        connect.properties.request_problem_information.value_or(1) != 0;
    if (connect.will)
        return refuse_connect(session, mqtt::ReasonCode::implementation_specific_error,
                              "wills are not served yet");
    if (!session.is_v5() && !connect.clean_start)
        return refuse_connect(
            session, mqtt::ReasonCode::server_unavailable,
            "persistent sessions are not served yet: connect with a clean session");
    if (connect.properties.authentication_method)
        return refuse_connect(session, mqtt::ReasonCode::bad_authentication_method,
                              "enhanced authentication is not served yet");
    if (connect.client_id.empty() && !connect.clean_start && !session.is_v5())
        return refuse_connect(session, mqtt::ReasonCode::client_identifier_not_valid,
                              "an empty client id needs a clean session");
    return accept(session, connect);
}

bool Inbound::accept(Session& session, const mqtt::Connect& connect) {
    const BrokerSettings& settings = shard_.broker_.settings();
    const bool is_assigned = connect.client_id.empty();
    session.client_id = is_assigned ? assigned_client_id() : std::string(connect.client_id);
    session.client_hash = record::key_hash(as_bytes(session.client_id));
    session.client_header.clear();
    record::encode_header(session.client_header, record::kHeaderMqttClient,
                          as_bytes(session.client_id));
    if (connect.properties.receive_maximum)
        session.receive_maximum = *connect.properties.receive_maximum;
    if (connect.properties.maximum_packet_size)
        session.packet_bytes_max = *connect.properties.maximum_packet_size;

    std::uint16_t keep_alive_s = connect.keep_alive_s;
    const std::uint16_t keep_alive_max_s = settings.keep_alive_max_s;
    const bool is_shortened = session.is_v5() && keep_alive_max_s != 0 &&
                              (keep_alive_s == 0 || keep_alive_s > keep_alive_max_s);
    if (is_shortened) keep_alive_s = keep_alive_max_s;
    session.keep_alive_ms = std::uint32_t{keep_alive_s} * 10 * kKeepAliveFactorPercent;

    mqtt::Connack connack;
    if (session.is_v5()) {
        mqtt::Properties& properties = connack.properties;
        properties.receive_maximum = settings.receive_maximum;
        properties.maximum_qos = std::uint8_t{1};
        properties.retain_available = 0;
        properties.maximum_packet_size = settings.packet_bytes_max;
        properties.topic_alias_maximum = settings.topic_alias_maximum;
        properties.shared_subscription_available = 0;
        if (connect.properties.session_expiry_interval_s.value_or(0) != 0)
            properties.session_expiry_interval_s = 0; // no session outlives its connection yet
        if (is_assigned) properties.assigned_client_identifier = session.client_id;
        if (is_shortened) properties.server_keep_alive_s = keep_alive_s;
    }
    session.state = SessionState::connected;
    session.last_read_ms = shard_.monotonic_ms_;
    scratch_.clear();
    mqtt::encode_connack(scratch_, connack, connect.version);
    shard_.outbound_->add_control(session, scratch_);
    shard_.broker_.counters().connects.add();
    log_debug("mqtt", "client '{}' connected from {}, version {}", session.client_id,
              session.peer_address, static_cast<int>(connect.version));
    claim_client_id(session);
    return shard_.find(session.ref) != nullptr;
}

// Takes the client id over from whoever holds it. The old session's shard drains before this one
// reads on, so that the client's messages keep their order through the log.
void Inbound::claim_client_id(Session& session) {
    const auto holder = shard_.broker_.clients().claim(session.client_id, session.ref);
    if (!holder) return;
    session.state = SessionState::on_hold;
    Broker& broker = shard_.broker_;
    const auto release = [&broker, ref = session.ref] {
        broker.port(ref.shard).post([ref](Shard& shard) { shard.inbound_->release_hold(ref); });
    };
    broker.port(holder->shard).post([old = *holder, release](Shard& shard) {
        if (Session* taken = shard.find(old))
            shard.inbound_->disconnect(*taken, mqtt::ReasonCode::session_taken_over,
                                       "another connection has taken the client id over");
        shard.when_drained(release);
    });
}

void Inbound::release_hold(SessionRef ref) {
    Session* session = shard_.find(ref);
    if (session == nullptr || session->state != SessionState::on_hold) return;
    session->state = SessionState::connected;
    const Bytes waiting = std::move(session->partial);
    session->partial = Bytes();
    if (!waiting.empty()) take(*session, waiting);
}

bool Inbound::refuse_connect(Session& session, mqtt::ReasonCode reason, std::string_view why) {
    shard_.broker_.counters().refused_connects.add();
    log_info("mqtt", "CONNECT from {} refused: {}", session.peer_address, why);
    mqtt::Connack connack;
    connack.reason = reason;
    if (session.is_v5() && session.wants_problem_information)
        connack.properties.reason_string = why;
    scratch_.clear();
    mqtt::encode_connack(scratch_, connack, session.version);
    shard_.outbound_->add_control(session, scratch_);
    shard_.close(session, why);
    return false;
}

} // namespace holdfast::broker
