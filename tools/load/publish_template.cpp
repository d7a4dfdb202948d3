#include <holdfast/mqtt/publish.hpp>
#include <load/publish_template.hpp>

namespace holdfast::load {

PublishTemplate make_publish(mqtt::Version version, std::string_view topic, mqtt::Qos qos,
                             ByteView payload) {
    mqtt::Publish publish;
    publish.topic = topic;
    publish.payload = payload;
    publish.qos = qos;
    publish.packet_id = qos == mqtt::Qos::at_most_once ? 0 : 1;
    PublishTemplate made;
    mqtt::encode_publish(made.bytes, publish, version);
    made.payload_at = made.bytes.size() - payload.size();
    // Between the two lies only the length of no properties.
    const std::size_t properties_bytes = version == mqtt::Version::v5 ? 1 : 0;
    made.packet_id_at = made.payload_at - properties_bytes - 2;
    return made;
}

} // namespace holdfast::load
