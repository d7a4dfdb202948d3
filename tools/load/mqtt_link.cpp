#include <load/mqtt_link.hpp>

#include <fmt/format.h>

namespace holdfast::load {

bool MqttLink::refuse(const mqtt::Frame& frame) {
    if (frame.first_byte == kDisconnect) {
        const unsigned reason = frame.body.empty() ? 0U : std::to_integer<unsigned>(frame.body[0]);
        close_because(fmt::format("DISCONNECT from the server, reason 0x{:02x}", reason));
    } else {
        close_because(fmt::format("unexpected packet 0x{:02x} from the server", frame.first_byte));
    }
    return false;
}

std::size_t MqttLink::on_bytes(ByteView bytes, std::uint64_t now_ns) {
    constexpr std::uint32_t kPacketBytesMax = 2'000'000;
    std::size_t consumed = 0;
    for (;;) {
        const mqtt::Frame frame = mqtt::next_frame(bytes.subspan(consumed), kPacketBytesMax);
        if (frame.status == mqtt::FrameStatus::incomplete) break;
        if (frame.status != mqtt::FrameStatus::whole) {
            close_because("the server sent a packet with a broken length");
            return consumed;
        }
        if (!on_packet(frame, now_ns)) return consumed;
        consumed += frame.size_bytes;
    }
    on_read_end(now_ns);
    return consumed;
}

} // namespace holdfast::load
