#include "broker/inbound.hpp"

#include "broker/outbound.hpp"
#include "broker/persistent_sessions.hpp"
#include "broker/queue_sender.hpp"
#include "broker/session_closer.hpp"
#include "broker/session_memory.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <random>

namespace holdfast::broker {
namespace {

constexpr std::uint16_t kKeepAliveFactorPercent = 150; // [MQTT5-3.1.2-22]

// One that lives on shard `home`. Not a secret, only unlikely to be there already.
std::string assigned_client_id(const Broker& broker, std::uint16_t home) {
    thread_local std::random_device source;
    for (;;) {
        std::string id = fmt::format("auto-{:08x}{:08x}", source(), source());
        if (broker.home_of(id) == home) return id;
    }
}

std::uint16_t agreed_keep_alive_s(const Broker& broker, const mqtt::Connect& connect) {
    const std::uint16_t most_s = broker.settings().keep_alive_max_s;
    const std::uint16_t asked_s = connect.keep_alive_s;
    const bool is_too_long = most_s != 0 && (asked_s == 0 || asked_s > most_s);
    return connect.version == mqtt::Version::v5 && is_too_long ? most_s : asked_s;
}

// How long the session is kept without a connection. MQTT 3 knows only "for ever".
std::uint32_t agreed_expiry_s(const Broker& broker, const mqtt::Connect& connect) {
    const std::uint32_t asked_s = connect.version == mqtt::Version::v5
                                      ? connect.properties.session_expiry_interval_s.value_or(0)
                                  : connect.clean_start ? 0
                                                        : kNoExpiry;
    return std::min(asked_s, broker.settings().session_expiry_max_s);
}

// How the client wants to be spoken to, also when it is refused.
void hear_out(Session& session, const mqtt::Connect& connect) {
    session.version = connect.version;
    session.wants_problem_information =
        connect.properties.request_problem_information.value_or(1) != 0;
}

Will will_of(const Session& session, const mqtt::Will& from) {
    Will will;
    will.delay_s = from.properties.will_delay_interval_s.value_or(0);
    OutMessage& message = will.message;
    message.topic = from.topic;
    message.client_id = session.client_id;
    message.payload = as_text(from.payload);
    message.qos = static_cast<std::uint8_t>(from.qos);
    message.retain = from.retain;
    message.content_type = from.properties.content_type.value_or("");
    message.response_topic = from.properties.response_topic.value_or("");
    if (const auto data = from.properties.correlation_data)
        message.correlation = std::string(as_text(*data));
    message.expiry_s = from.properties.message_expiry_interval_s;
    message.payload_format = from.properties.payload_format_indicator.value_or(0);
    for (const auto& [name, value] : from.properties.user_properties)
        message.user_properties.emplace_back(name, value);
    return will;
}

} // namespace

Session* Inbound::on_connect(Session& session, ByteView body) {
    const auto refuse = [&](mqtt::ReasonCode reason, std::string_view why) {
        refuse_connect(session, reason, why);
        return nullptr;
    };
    const auto decoded = mqtt::decode_connect(body);
    if (!decoded) {
        context_.broker.counters().refused_connects.add();
        if (decoded.error().code == Errc::not_supported)
            return refuse(mqtt::ReasonCode::unsupported_protocol_version, decoded.error().context);
        malformed(session, decoded.error());
        return nullptr;
    }
    const mqtt::Connect& connect = decoded.value();
    hear_out(session, connect);
    if (connect.properties.authentication_method)
        return refuse(mqtt::ReasonCode::bad_authentication_method,
                      "enhanced authentication is not served yet");
    const bool may_be_empty =
        session.is_v5() || (connect.clean_start && connect.version == mqtt::Version::v311);
    if (connect.client_id.empty() && !may_be_empty)
        return refuse(mqtt::ReasonCode::client_identifier_not_valid,
                      connect.version == mqtt::Version::v31
                          ? "MQTT 3.1 knows no empty client id"
                          : "an empty client id needs a clean session");
    const std::size_t kept_bytes =
        (agreed_expiry_s(context_.broker, connect) != 0 ? kSessionBytes : 0) +
        (connect.will ? sizeof(Will) + body.size() : 0);
    if (kept_bytes > context_.broker.memory().free_bytes())
        return refuse(mqtt::ReasonCode::quota_exceeded, "the server's memory is full");
    return accept(session, connect);
}

Session* Inbound::accept(Session& arrived, const mqtt::Connect& connect) {
    Session* const kept = find_session(arrived, connect);
    const bool is_present = kept != nullptr;
    Session& session = is_present ? *kept : arrived;
    if (is_present) {
        if (session.will) persistent_.drop_will(session);
        move_connection(arrived, session);
        hear_out(session, connect);
    } else {
        context_.sessions.name(session, connect.client_id.empty()
                                            ? assigned_client_id(context_.broker, context_.index)
                                            : std::string(connect.client_id));
    }
    agree_limits(session, connect);
    if (connect.will) {
        session.will = std::make_unique<Will>(will_of(session, *connect.will));
        keep(context_.broker.memory(), session, memory_of(*session.will));
    }
    session.state = SessionState::connected;
    session.last_read_ms = context_.clock.monotonic_ms;
    ++session.connection;

    const std::uint32_t expiry_s = agreed_expiry_s(context_.broker, connect);
    if (is_present || expiry_s != 0) persistent_.connected(session, expiry_s);
    scratch_.clear();
    mqtt::encode_connack(scratch_, connack_of(session, connect, is_present), connect.version);
    if (session.persistent)
        welcome_when_stored(session);
    else
        outbound_.add_control(session, scratch_);
    context_.broker.counters().connects.add();
    context_.broker.client_count().fetch_add(1, std::memory_order_relaxed);
    log_debug("mqtt", "client '{}' connected from {}, version {}{}", session.client_id,
              session.peer.address, static_cast<int>(connect.version),
              is_present ? ", session present" : "");
    return &session;
}

// The connection of `from` goes on in `to`, which has none; `from` is freed.
void Inbound::move_connection(Session& from, Session& to) {
    assert(to.state == SessionState::offline); // else two connections would share a session
    context_.transport.move(from.ref.slot, to.ref.slot);
    to.peer = std::move(from.peer);
    to.partial_bytes = from.partial_bytes;
    to.last_read_ms = from.last_read_ms;
    context_.sessions.free(from);
}

// Sends scratch_, the CONNACK, when the session and its will are stored.
void Inbound::welcome_when_stored(Session& session) {
    session.awaits_connack = true;
    context_.gathering->on_durable_first([this, ref = session.ref, connection = session.connection,
                                          connack = scratch_](const Result<void>& stored) {
        Session* welcome = context_.sessions.find(ref);
        if (welcome == nullptr || welcome->connection != connection ||
            welcome->state != SessionState::connected)
            return;
        welcome->awaits_connack = false;
        if (!stored)
            return refuse_connect(*welcome, mqtt::ReasonCode::unspecified_error,
                                  "the session could not be stored");
        outbound_.add_control(*welcome, connack);
        queues_.resume(*welcome);
        if (!welcome->partial.empty()) take(*welcome, {}); // what has come meanwhile
    });
}

// The session of the client id that the connection takes up, if there is one. Whoever is connected
// under that id has to go: its messages are gathered already, so that the client's keep their order
// through the log.
Session* Inbound::find_session(Session& arrived, const mqtt::Connect& connect) {
    Session* known = context_.sessions.of_client(connect.client_id);
    if (known == nullptr || known == &arrived) return nullptr;
    if (known->state == SessionState::connected)
        closer_.disconnect(*known, mqtt::ReasonCode::session_taken_over,
                           "another connection has taken the client id over");
    known = context_.sessions.of_client(connect.client_id);
    const bool is_over = known != nullptr && known->persistent && persistent_.is_over(*known);
    if (known == nullptr || (!connect.clean_start && !is_over)) return known;
    closer_.end(*known);
    return nullptr;
}

void Inbound::agree_limits(Session& session, const mqtt::Connect& connect) {
    session.receive_maximum = connect.properties.receive_maximum.value_or(PacketIds::kMax);
    session.packet_bytes_max = connect.properties.maximum_packet_size.value_or(UINT32_MAX);
    session.inbound_unacked =
        static_cast<std::uint16_t>(session.unreleased ? session.unreleased->size() : 0);
    session.keep_alive_ms =
        std::uint32_t{agreed_keep_alive_s(context_.broker, connect)} * 10 * kKeepAliveFactorPercent;
}

mqtt::Connack Inbound::connack_of(const Session& session, const mqtt::Connect& connect,
                                  bool is_present) {
    const BrokerSettings& settings = context_.broker.settings();
    mqtt::Connack connack;
    connack.session_present = is_present;
    if (!session.is_v5()) return connack;
    mqtt::Properties& properties = connack.properties;
    properties.receive_maximum = settings.receive_maximum;
    properties.maximum_packet_size = settings.packet_bytes_max;
    properties.topic_alias_maximum = settings.topic_alias_maximum;
    properties.shared_subscription_available = 0;
    const std::uint32_t expiry_s = agreed_expiry_s(context_.broker, connect);
    if (expiry_s != connect.properties.session_expiry_interval_s.value_or(0))
        properties.session_expiry_interval_s = expiry_s;
    if (connect.client_id.empty()) properties.assigned_client_identifier = session.client_id;
    const std::uint16_t keep_alive_s = agreed_keep_alive_s(context_.broker, connect);
    if (keep_alive_s != connect.keep_alive_s) properties.server_keep_alive_s = keep_alive_s;
    return connack;
}

void Inbound::refuse_connect(Session& session, mqtt::ReasonCode reason, std::string_view why) {
    context_.broker.counters().refused_connects.add();
    log_info("mqtt", "CONNECT from {} refused: {}", session.peer.address, why);
    mqtt::Connack connack;
    connack.reason = reason;
    if (session.is_v5() && session.wants_problem_information)
        connack.properties.reason_string = why;
    scratch_.clear();
    mqtt::encode_connack(scratch_, connack, session.version);
    outbound_.add_control(session, scratch_);
    closer_.close(session, why);
}

} // namespace holdfast::broker
