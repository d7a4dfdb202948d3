#include <holdfast/mqtt/properties.hpp>

#include <algorithm>

namespace holdfast::mqtt {
namespace {

// Which packets may carry a property: one bit for each PropertyOwner (MQTT5 table 2-4).
constexpr std::uint16_t in(std::initializer_list<PropertyOwner> owners) {
    unsigned bits = 0;
    for (const PropertyOwner owner : owners) bits |= 1U << static_cast<unsigned>(owner);
    return static_cast<std::uint16_t>(bits);
}

using enum PropertyOwner;
constexpr std::uint16_t kEverywhere = 0x07FF;
constexpr std::uint16_t kAnswers = in({connack, ack, suback, unsuback, disconnect, auth});

// Reading a property, one function for each type on the wire. A second value is a protocol error.
template <class T>
Result<void> set_once(std::optional<T>& field, T value) {
    if (field) return fail(Errc::malformed, "protocol error: a property stands twice");
    field = value;
    return ok();
}

Result<void> read(ByteReader& reader, std::optional<std::uint8_t>& field) {
    HF_TRY(const std::uint8_t value, reader.u8());
    if (value > 1) return fail(Errc::malformed, "protocol error: a property that is not 0 or 1");
    return set_once(field, value);
}
Result<void> read(ByteReader& reader, std::optional<std::uint16_t>& field) {
    HF_TRY(const std::uint16_t value, reader.u16_be());
    return set_once(field, value);
}
Result<void> read(ByteReader& reader, std::optional<std::uint32_t>& field) {
    HF_TRY(const std::uint32_t value, reader.u32_be());
    return set_once(field, value);
}
Result<void> read(ByteReader& reader, std::optional<std::string_view>& field) {
    HF_TRY(const std::string_view value, reader.utf8_with_u16_length());
    return set_once(field, value);
}
Result<void> read(ByteReader& reader, std::optional<ByteView>& field) {
    HF_TRY(const ByteView value, reader.bytes_with_u16_length());
    return set_once(field, value);
}
Result<void> read(ByteReader& reader, std::vector<std::uint32_t>& field) {
    HF_TRY(const std::uint32_t value, read_variable_byte_integer(reader));
    if (value == 0) return fail(Errc::malformed, "protocol error: subscription identifier 0");
    if (field.size() >= kUserPropertiesMax)
        return fail(Errc::malformed, "protocol error: too many subscription identifiers");
    field.push_back(value);
    return ok();
}
Result<void> read(ByteReader& reader,
                  std::vector<std::pair<std::string_view, std::string_view>>& field) {
    HF_TRY(const std::string_view name, reader.utf8_with_u16_length());
    HF_TRY(const std::string_view value, reader.utf8_with_u16_length());
    if (field.size() >= kUserPropertiesMax)
        return fail(Errc::malformed, "protocol error: too many user properties");
    field.emplace_back(name, value);
    return ok();
}

void write(ByteWriter& out, std::uint8_t id, const std::optional<std::uint8_t>& field) {
    if (!field) return;
    out.u8(id);
    out.u8(*field);
}
void write(ByteWriter& out, std::uint8_t id, const std::optional<std::uint16_t>& field) {
    if (!field) return;
    out.u8(id);
    out.u16_be(*field);
}
void write(ByteWriter& out, std::uint8_t id, const std::optional<std::uint32_t>& field) {
    if (!field) return;
    out.u8(id);
    out.u32_be(*field);
}
void write(ByteWriter& out, std::uint8_t id, const std::optional<std::string_view>& field) {
    if (!field) return;
    out.u8(id);
    out.text_with_u16_length(*field);
}
void write(ByteWriter& out, std::uint8_t id, const std::optional<ByteView>& field) {
    if (field) write(out, id, std::optional(as_text(*field)));
}
void write(ByteWriter& out, std::uint8_t id, const std::vector<std::uint32_t>& field) {
    for (const std::uint32_t value : field) {
        out.u8(id);
        write_variable_byte_integer(out, value);
    }
}
void write(ByteWriter& out, std::uint8_t id,
           const std::vector<std::pair<std::string_view, std::string_view>>& field) {
    for (const auto& [name, value] : field) {
        out.u8(id);
        out.text_with_u16_length(name);
        out.text_with_u16_length(value);
    }
}

// The one table of properties: identifier, who may carry it, where it is kept. `visit` is called
// as visit(id, owners, field) for each until it returns true.
template <class P, class Visit>
bool for_each_property(P& p, Visit visit) {
    return visit(0x01, in({publish, will}), p.payload_format_indicator) ||
           visit(0x02, in({publish, will}), p.message_expiry_interval_s) ||
           visit(0x03, in({publish, will}), p.content_type) ||
           visit(0x08, in({publish, will}), p.response_topic) ||
           visit(0x09, in({publish, will}), p.correlation_data) ||
           visit(0x0B, in({publish, subscribe}), p.subscription_identifiers) ||
           visit(0x11, in({connect, connack, disconnect}), p.session_expiry_interval_s) ||
           visit(0x12, in({connack}), p.assigned_client_identifier) ||
           visit(0x13, in({connack}), p.server_keep_alive_s) ||
           visit(0x15, in({connect, connack, auth}), p.authentication_method) ||
           visit(0x16, in({connect, connack, auth}), p.authentication_data) ||
           visit(0x17, in({connect}), p.request_problem_information) ||
           visit(0x18, in({will}), p.will_delay_interval_s) ||
           visit(0x19, in({connect}), p.request_response_information) ||
           visit(0x1A, in({connack}), p.response_information) ||
           visit(0x1C, in({connack, disconnect}), p.server_reference) ||
           visit(0x1F, kAnswers, p.reason_string) ||
           visit(0x21, in({connect, connack}), p.receive_maximum) ||
           visit(0x22, in({connect, connack}), p.topic_alias_maximum) ||
           visit(0x23, in({publish}), p.topic_alias) || visit(0x24, in({connack}), p.maximum_qos) ||
           visit(0x25, in({connack}), p.retain_available) ||
           visit(0x26, kEverywhere, p.user_properties) ||
           visit(0x27, in({connect, connack}), p.maximum_packet_size) ||
           visit(0x28, in({connack}), p.wildcard_subscription_available) ||
           visit(0x29, in({connack}), p.subscription_identifier_available) ||
           visit(0x2A, in({connack}), p.shared_subscription_available);
}

Result<void> check_ranges(const Properties& p, PropertyOwner owner) {
    if (p.receive_maximum == std::uint16_t{0})
        return fail(Errc::malformed, "protocol error: receive maximum 0");
    if (p.maximum_packet_size == 0U)
        return fail(Errc::malformed, "protocol error: maximum packet size 0");
    if (p.topic_alias == std::uint16_t{0}) return fail(Errc::malformed, "topic alias 0");
    if (p.authentication_data && !p.authentication_method)
        return fail(Errc::malformed, "protocol error: authentication data without a method");
    if (owner == subscribe && p.subscription_identifiers.size() > 1)
        return fail(Errc::malformed, "protocol error: a property stands twice");
    if (p.response_topic && p.response_topic->find_first_of("+#") != std::string_view::npos)
        return fail(Errc::malformed, "protocol error: response topic with a wildcard");
    return ok();
}

} // namespace

bool operator==(const Properties& a, const Properties& b) {
    Bytes first;
    Bytes second;
    ByteWriter first_writer(first);
    ByteWriter second_writer(second);
    write_properties(first_writer, a);
    write_properties(second_writer, b);
    return first == second;
}

Result<Properties> decode_properties(ByteView bytes, PropertyOwner owner) {
    Properties properties;
    ByteReader reader(bytes);
    while (!reader.empty()) {
        HF_TRY(const std::uint8_t id, reader.u8());
        Result<void> outcome = ok();
        const bool is_known =
            for_each_property(properties, [&](unsigned known, unsigned owners, auto& field) {
                if (known != id) return false;
                if ((owners >> static_cast<unsigned>(owner) & 1U) == 0)
                    outcome =
                        fail(Errc::malformed, "protocol error: a property that does not belong");
                else
                    outcome = read(reader, field);
                return true;
            });
        if (!is_known) return fail(Errc::malformed, "unknown property");
        HF_TRY(std::move(outcome));
    }
    HF_TRY(check_ranges(properties, owner));
    return properties;
}

Result<Properties> read_properties(ByteReader& reader, PropertyOwner owner) {
    HF_TRY(const std::uint32_t length, read_variable_byte_integer(reader));
    HF_TRY(const ByteView bytes, reader.take(length));
    return decode_properties(bytes, owner);
}

void write_properties(ByteWriter& writer, const Properties& properties) {
    Bytes body;
    ByteWriter out(body);
    for_each_property(properties, [&](unsigned id, unsigned, const auto& field) {
        write(out, static_cast<std::uint8_t>(id), field);
        return false;
    });
    write_variable_byte_integer(writer, static_cast<std::uint32_t>(body.size()));
    writer.bytes(body);
}

void append_forwardable(Bytes& out, const Properties& properties) {
    ByteWriter writer(out);
    write(writer, 0x01, properties.payload_format_indicator);
    write(writer, 0x02, properties.message_expiry_interval_s);
    write(writer, 0x03, properties.content_type);
    write(writer, 0x08, properties.response_topic);
    write(writer, 0x09, properties.correlation_data);
    write(writer, 0x26, properties.user_properties);
}

} // namespace holdfast::mqtt
