#include "broker/inbound.hpp"

#include "broker/doorkeeper.hpp"
#include "broker/outbound.hpp"
#include "broker/persistent_sessions.hpp"
#include "broker/queue_sender.hpp"
#include "broker/session_closer.hpp"
#include "broker/session_memory.hpp"

#include <holdfast/access/action.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <random>
#include <utility>

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

mqtt::ReasonCode reason_of_refusal(const Error& error) {
    switch (error.code) {
        case Errc::denied: return mqtt::ReasonCode::bad_user_name_or_password;
        case Errc::limit_exceeded: return mqtt::ReasonCode::quota_exceeded;
        default: return mqtt::ReasonCode::server_unavailable;
    }
}

struct TurningAway {
    mqtt::ReasonCode reason;
    std::string_view why;
};
TurningAway turning_away(TurnedAway why) {
    if (why == TurnedAway::too_fast)
        return {mqtt::ReasonCode::connection_rate_exceeded,
                "its address connects too often (limits.connect_rate_per_address)"};
    return {mqtt::ReasonCode::quota_exceeded,
            "its address has too many connections (limits.connections_per_address)"};
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

// While it is found out who a client is, what it sends waits; but it is nobody still.
void Inbound::wait_for_gate(Session& session, ByteView bytes) {
    if (session.partial.size() + bytes.size() > 2 * kConnectBytesMax) {
        (void)protocol_error(session, mqtt::ReasonCode::quota_exceeded,
                             "too much came before it was known who sends it");
        return;
    }
    session.partial.insert(session.partial.end(), bytes.begin(), bytes.end());
    account_partial(session);
}

// The answer comes as a task of this shard. The packet stays where it is, and is read again then.
void Inbound::ask_gate(Session& session, const mqtt::Connect& connect) {
    session.awaits_gate = true;
    Credentials credentials;
    credentials.user = connect.user_name.value_or("");
    if (connect.password) credentials.password = std::string(as_text(*connect.password));
    credentials.client_id = connect.client_id.empty()
                                ? assigned_client_id(context_.broker, context_.index)
                                : std::string(connect.client_id);
    credentials.peer = session.peer;
    context_.broker.gate()->admit(
        std::move(credentials), [this, ref = session.ref](Gate::Admitted admitted) {
            auto shared = std::make_shared<Gate::Admitted>(std::move(admitted));
            context_.broker.port(ref.shard).post(
                [this, ref, shared](Shard&) { on_admitted(ref, *shared); });
        });
}

void Inbound::on_admitted(SessionRef ref, const Gate::Admitted& admitted) {
    Session* const session = context_.sessions.find(ref);
    if (session == nullptr || !session->awaits_gate) return; // it did not wait
    session->awaits_gate = false;
    admitted_ = &admitted;
    take(*session, {});
    admitted_ = nullptr;
}

std::shared_ptr<const Admission> Inbound::let_in(Session& session, const mqtt::Connect& connect,
                                                 const Gate::Admitted& admitted) {
    const std::string_view user = connect.user_name.value_or("");
    if (!admitted) {
        doorkeeper_.note(session, connect.client_id, user, "connect", connect.client_id,
                         admitted.error().context);
        refuse_connect(session, reason_of_refusal(admitted.error()), admitted.error().context);
        return nullptr;
    }
    Gate& gate = *context_.broker.gate();
    auto admission = admitted.value();
    // Users or rights may have changed while the answer was on its way.
    if (admission->version != gate.version()) admission = gate.renew(admission->principal);
    if (!admission) {
        refuse_connect(session, mqtt::ReasonCode::not_authorized, "the user is gone or disabled");
        return nullptr;
    }
    if (!doorkeeper_.allows(session, *admission, access::Action::connect,
                            access::Resource::client_id(admission->principal.client_id))) {
        refuse_connect(session, mqtt::ReasonCode::not_authorized,
                       "no right to connect with this client id");
        return nullptr;
    }
    if (connect.will && !doorkeeper_.allows(session, *admission, access::Action::publish,
                                            access::Resource::topic(connect.will->topic))) {
        context_.broker.counters().refused_publish.add();
        refuse_connect(session, mqtt::ReasonCode::not_authorized,
                       "no right to publish to the topic of the will");
        return nullptr;
    }
    return has_room_for(session, admission->principal) ? admission : nullptr;
}

// Among the connections of its user. One that takes a client id over takes the place as well.
bool Inbound::has_room_for(Session& session, const access::Principal& principal) {
    const std::uint32_t most = context_.broker.settings().connections_per_user;
    if (most == 0 || principal.name.empty()) return true;
    Session* const known = context_.sessions.of_client(principal.client_id);
    if (known != nullptr && known->state == SessionState::connected && known->admission &&
        known->admission->principal.name == principal.name)
        session.user_place = std::move(known->user_place);
    if (!session.user_place)
        session.user_place = context_.broker.user_places().try_take(principal.name, most);
    if (session.user_place) return true;
    constexpr std::string_view kWhy =
        "its user has too many connections (limits.connections_per_user)";
    context_.broker.counters().refused_limit.add();
    doorkeeper_.note(session, principal.client_id, principal.name, "connect", principal.client_id,
                     kWhy);
    refuse_connect(session, mqtt::ReasonCode::quota_exceeded, kWhy);
    return false;
}

Session* Inbound::turn_away(Session& session, const mqtt::Connect& connect) {
    const auto [reason, why] = turning_away(session.peer.turned_away);
    context_.broker.counters().refused_limit.add();
    doorkeeper_.note(session, connect.client_id, {}, "connect", connect.client_id, why);
    refuse_connect(session, reason, why);
    return nullptr;
}

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
    if (session.peer.turned_away != TurnedAway::no) return turn_away(session, connect);
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
    if (context_.broker.gate() == nullptr) return accept(session, connect, nullptr);
    const Gate::Admitted* const admitted = std::exchange(admitted_, nullptr);
    if (admitted == nullptr) {
        ask_gate(session, connect);
        return &session;
    }
    auto admission = let_in(session, connect, *admitted);
    return admission ? accept(session, connect, std::move(admission)) : nullptr;
}

Session* Inbound::accept(Session& arrived, const mqtt::Connect& connect,
                         std::shared_ptr<const Admission> admission) {
    Session* const kept = find_session(arrived, connect, admission.get());
    const bool is_present = kept != nullptr;
    Session& session = is_present ? *kept : arrived;
    if (is_present) {
        if (session.will) persistent_.drop_will(session);
        move_connection(arrived, session);
        hear_out(session, connect);
    } else {
        std::string client_id(connect.client_id);
        if (client_id.empty())
            client_id = admission ? admission->principal.client_id
                                  : assigned_client_id(context_.broker, context_.index);
        context_.sessions.name(session, std::move(client_id));
    }
    doorkeeper_.admit(session, std::move(admission));
    agree_limits(session, connect);
    if (connect.will) {
        session.will = std::make_unique<Will>(will_of(session, *connect.will));
        keep(context_.broker.memory(), session, memory_of(*session.will));
    }
    session.state = SessionState::connected;
    session.last_read_ms = context_.clock.monotonic_ms;
    session.connected_ms = context_.clock.now_ms;
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
    to.user_place = std::move(from.user_place);
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
Session* Inbound::find_session(Session& arrived, const mqtt::Connect& connect,
                               const Admission* admission) {
    Session* known = context_.sessions.of_client(connect.client_id);
    if (known == nullptr || known == &arrived) return nullptr;
    if (known->state == SessionState::connected)
        closer_.disconnect(*known, mqtt::ReasonCode::session_taken_over,
                           "another connection has taken the client id over");
    known = context_.sessions.of_client(connect.client_id);
    const bool is_over = known != nullptr && known->persistent && persistent_.is_over(*known);
    // What waits for one user is not for another who comes under the same client id.
    const bool is_anothers = known != nullptr && known->persistent && admission != nullptr &&
                             known->persistent->owner &&
                             *known->persistent->owner != admission->principal.name;
    if (known == nullptr || (!connect.clean_start && !is_over && !is_anothers)) return known;
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
