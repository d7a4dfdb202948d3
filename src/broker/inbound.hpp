#pragma once

#include "broker/shard_context.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/gate.hpp>
#include <holdfast/broker/topic_cache.hpp>
#include <holdfast/mqtt/frame.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace holdfast::mqtt {
struct Connack;
struct Connect;
struct PublishView;
struct Properties;
struct SubscriptionRequest;
} // namespace holdfast::mqtt

namespace holdfast::broker {

class Doorkeeper;
class Outbound;
class PersistentSessions;
class QueueSender;
class RetainedSender;
class RetainedWriter;
class SessionCloser;

// What clients send: packets taken off the bytes, each applied to its session. The receiving half
// of the MQTT state machine (MQTT5 section 4); Outbound is the other.
class Inbound {
public:
    // The parts of the shard that packets are applied to.
    struct Needs {
        Doorkeeper& doorkeeper;
        TopicCache& topics;
        RetainedWriter& retained_writer;
        Outbound& outbound;
        PersistentSessions& persistent;
        SessionCloser& closer;
        QueueSender& queues;
        RetainedSender& retained_sender;
    };
    Inbound(ShardContext& context, const Needs& needs);

    // Bytes of a connection; what is left of a packet is kept in the session.
    void take(Session& session, ByteView bytes);
    // PUBLISH packets that came, since the start.
    [[nodiscard]] std::uint64_t publishes() const noexcept { return counted_ + received_; }
    // Adds the turn's counts to the broker's.
    void count_turn();

private:
    // Before CONNECT nobody is known: no packet may make us keep more than this.
    static constexpr std::uint32_t kConnectBytesMax = 128 * 1024;
    // In what is read at once. Clients send one or two in a keep alive, which are few even of one
    // that was not read for minutes; a flood would take the time of all others on the shard.
    static constexpr int kPingsAtOnceMax = 256;
    // Each handler is given the packet's flags and body; false where the session was closed.
    bool take_packet(Session& session, std::uint8_t first_byte, ByteView body);
    bool goes_elsewhere(Session& session, const mqtt::Frame& frame, ByteView input);
    // Gives the connection, of which only `input` was read, to the shard where its client lives.
    void hand_over(Session& session, std::uint16_t home, ByteView input);
    [[nodiscard]] Session* gather(Session& first, ByteView bytes);
    void account_partial(Session& session);
    ByteView take_packets(Session*& session, ByteView input);
    // The session that the connection belongs to from now on; null where it was refused.
    Session* on_connect(Session& session, ByteView body);
    bool on_publish(Session& session, std::uint8_t flags, ByteView body);
    bool on_puback(Session& session, ByteView body);
    bool on_pubrec(Session& session, ByteView body);
    bool on_pubrel(Session& session, ByteView body);
    bool on_pubcomp(Session& session, ByteView body);
    void settle(Session& session, std::uint16_t packet_id);
    bool on_subscribe(Session& session, ByteView body);
    bool on_unsubscribe(Session& session, ByteView body);
    bool on_pingreq(Session& session, ByteView body);
    bool on_disconnect(Session& session, ByteView body);

    void refuse_connect(Session& session, mqtt::ReasonCode reason, std::string_view why);
    void wait_for_gate(Session& session, ByteView bytes);
    void ask_gate(Session& session, const mqtt::Connect& connect);
    void on_admitted(SessionRef ref, const Gate::Admitted& admitted);
    // The rights of now; null where the connection was refused.
    [[nodiscard]] std::shared_ptr<const Admission> let_in(Session& session,
                                                          const mqtt::Connect& connect,
                                                          const Gate::Admitted& admitted);
    [[nodiscard]] bool has_room_for(Session& session, const access::Principal& principal);
    Session* turn_away(Session& session, const mqtt::Connect& connect); // null
    Session* accept(Session& arrived, const mqtt::Connect& connect,
                    std::shared_ptr<const Admission> admission);
    void welcome_when_stored(Session& session);
    void move_connection(Session& from, Session& to);
    [[nodiscard]] Session* find_session(Session& arrived, const mqtt::Connect& connect,
                                        const Admission* admission);
    void agree_limits(Session& session, const mqtt::Connect& connect);
    [[nodiscard]] mqtt::Connack connack_of(const Session& session, const mqtt::Connect& connect,
                                           bool is_present);
    bool protocol_error(Session& session, mqtt::ReasonCode reason, std::string_view why);
    bool malformed(Session& session, const Error& error);

    [[nodiscard]] TopicEntry* find_topic(Session& session, std::string_view topic);
    // False where the session was closed.
    bool refuse_publish(Session& session, const mqtt::PublishView& publish, mqtt::ReasonCode reason,
                        std::string_view why);
    void note_qos2(Session& session, std::uint16_t packet_id, RecordPlace place);
    [[nodiscard]] Result<std::string_view> topic_of_alias(Session& session, std::uint16_t alias,
                                                          std::string_view topic);
    void retain(const TopicEntry& entry, const mqtt::PublishView& publish,
                const mqtt::Properties* properties, RecordPlace place);
    bool publish_with_properties(Session& session, const mqtt::PublishView& publish);
    struct Target {
        std::string_view device;
        PartitionIndex partition = 0;
        bool names_client = false; // the record has a mqtt.client header
    };
    [[nodiscard]] Target target_of(const Session& session, const TopicEntry& entry,
                                   ByteView payload);
    bool store(Session& session, TopicEntry& entry, const mqtt::PublishView& publish,
               const mqtt::Properties* properties, ByteView body);
    [[nodiscard]] mqtt::ReasonCode subscribe_one(Session& session,
                                                 const mqtt::SubscriptionRequest& request,
                                                 std::uint32_t identifier,
                                                 std::vector<RetainedScan>& scans);
    // Sends scratch_: where the session is persistent, when what it answers is stored.
    void answer_when_stored(Session& session);

    ShardContext& context_;
    Doorkeeper& doorkeeper_;
    TopicCache& topics_;
    RetainedWriter& retained_writer_;
    Outbound& outbound_;
    PersistentSessions& persistent_;
    SessionCloser& closer_;
    QueueSender& queues_;
    RetainedSender& retained_sender_;
    Bytes scratch_;                            // one control packet
    Bytes headers_;                            // record headers made of one PUBLISH's properties
    Bytes retain_header_;                      // mqtt.retain, encoded
    std::string device_;                       // found in one PUBLISH's payload
    const Gate::Admitted* admitted_ = nullptr; // what the CONNECT that is read again waited for
    int pings_ = 0;                            // PINGREQ in what is being read
    std::uint64_t received_ = 0;               // in this turn
    std::uint64_t counted_ = 0;                // before it, and those that were refused
};

} // namespace holdfast::broker
