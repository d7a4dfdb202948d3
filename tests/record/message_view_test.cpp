// Goal: a stored record reads as the message that it was, and damaged headers harm nobody.
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/message_view.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace holdfast;
using namespace holdfast::record;

namespace {

// A record and what it borrows from.
struct Stored {
    explicit Stored(const std::vector<std::pair<std::string, std::string>>& with) {
        for (const auto& [name, value] : with) encode_header(headers, name, as_bytes(value));
        record.offset = 7;
        record.timestamp_ms = 1'700'000'000'000;
        record.key = as_bytes("car-1");
        record.value = as_bytes("42");
        record.headers = headers;
        record.header_count = static_cast<std::uint32_t>(with.size());
    }
    Bytes headers;
    RecordView record;
};

} // namespace

TEST_CASE("a record says topic, device, client, event time and hops", "[record]") {
    const Stored stored({{"mqtt.topic", "car/1/obd"},
                         {"mqtt.client", "gateway"},
                         {"mqtt.qos", "2"},
                         {"u.unit", "C"},
                         {"ts", "1600000000000"},
                         {"u.hf-hops", "3"}});
    const MessageView message = read_message(stored.record);
    CHECK(message.topic == "car/1/obd");
    CHECK(message.device == "car-1");
    CHECK(message.client_id == "gateway");
    CHECK(message.qos == 2);
    CHECK(message.event_ms == 1'600'000'000'000);
    CHECK(message.arrival_ms == 1'700'000'000'000);
    CHECK(message.offset == 7);
    CHECK(message.hops == 3);
    CHECK(as_text(message.payload) == "42");
    CHECK(message.has_payload);
    CHECK_FALSE(message.is_tick);
    HeaderCursor cursor(message.headers, message.header_count);
    HeaderView header;
    std::size_t count = 0;
    while (cursor.next(header)) ++count;
    CHECK(count == 6);
}

TEST_CASE("what a record leaves out has its default", "[record]") {
    Stored stored({});
    MessageView message = read_message(stored.record);
    CHECK(message.client_id == "car-1"); // equal to the key
    CHECK(message.topic.empty());
    CHECK(message.qos == 0);
    CHECK_FALSE(message.event_ms);
    CHECK(message.hops == 0);
    stored.record.key = std::nullopt;
    stored.record.is_tombstone = true;
    message = read_message(stored.record);
    CHECK_FALSE(message.device);
    CHECK(message.client_id.empty());
    CHECK_FALSE(message.has_payload);
}

TEST_CASE("damaged headers read as none, and hops as too many", "[record]") {
    Stored stored({{"mqtt.qos", "x"}, {"ts", "-5"}, {"u.hf-hops", "999"}, {"hf.tick", "1"}});
    stored.record.timestamp_ms = INT64_MAX; // a Kafka producer may write any
    const MessageView message = read_message(stored.record);
    CHECK(message.qos == 0);
    CHECK_FALSE(message.event_ms);
    CHECK(message.hops == kHopsUnknown);
    CHECK(message.is_tick);
    CHECK(message.arrival_ms == 253'402'300'799'999);
}
