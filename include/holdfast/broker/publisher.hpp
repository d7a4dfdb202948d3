#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/log/append.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::broker {

// A message that did not come over MQTT: from HTTP, a rule, a model, an alarm.
struct OutMessage {
    std::string topic;     // MQTT subscribers see it there; empty only where `stream` is set
    std::string stream;    // append to this stream; empty: the bridge's routes choose by topic
    std::string device;    // record key; empty: as the route says, else `client_id`
    std::string client_id; // HTTP: the user, or "http"; rules: "rule:<name>"
    std::string payload;
    std::string content_type;             // header content-type; empty: none
    std::optional<std::int64_t> event_ms; // header ts: event time, epoch milliseconds
    std::vector<std::pair<std::string, std::string>> user_properties; // headers u.<name>
    std::uint8_t qos = 1;
    bool retain = false;
    std::string response_topic{};             // headers mqtt.response-topic; empty: none
    std::optional<std::string> correlation{}; // header mqtt.correlation
    std::optional<std::uint32_t> expiry_s{};  // header mqtt.expiry, seconds from now
    std::uint8_t payload_format = 0;          // header mqtt.payload-format; 1 = UTF-8 text
};

// Where a record went.
struct Placed {
    std::string stream;
    PartitionIndex partition = 0;
    Offset offset = 0;
    std::optional<Error> refused{}; // PublishBatch::passes_over: why the message is nowhere
};

// Messages and state that are stored in one atomic append: all or none.
struct PublishBatch {
    std::vector<OutMessage> messages;
    std::vector<log::StateChange> state_changes;
    // Whether a message that can never be stored (it is larger than its stream takes, its topic is
    // none or no route takes it) is left out, the rest stored, and its Placed says why; else it
    // refuses the batch. A stream that is named and missing always does.
    bool passes_over = false;
    // Where set: called once it is known where the messages go; what it gives is stored with them.
    // Not where one of them is refused. On the committer thread: it must not block.
    std::function<log::StateChange(std::span<const Placed>)> remember{};
};

// The way into the log for everything that is not an MQTT session. Thread-safe.
class Publisher {
public:
    virtual ~Publisher() = default;

    // `done` is called exactly once, on a shard thread (never inside publish()), when the batch is
    // durable, with one Placed per message in order; or with malformed (topic, stream name),
    // not_found (stream, no route), no_space, limit_exceeded (too much is waiting), io, closed, and
    // nothing stored. It must not block.
    using Done = std::function<void(Result<std::vector<Placed>>)>;
    virtual void publish(PublishBatch batch, Done done) = 0;
};

} // namespace holdfast::broker
