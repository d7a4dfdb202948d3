#pragma once

#include <holdfast/mqtt/frame.hpp>
#include <load/loop.hpp>

#include <cstddef>
#include <cstdint>

namespace holdfast::load {

// The first bytes of the packets that the generator meets after the hand-shake.
inline constexpr std::uint8_t kPuback = 0x40;
inline constexpr std::uint8_t kPingreq = 0xC0;
inline constexpr std::uint8_t kPingresp = 0xD0;
inline constexpr std::uint8_t kDisconnect = 0xE0;

// A Link that speaks MQTT: takes what was read apart into packets.
class MqttLink : public Link {
protected:
    using Link::Link;

    // One whole packet. False where it ended the connection.
    [[nodiscard]] virtual bool on_packet(const mqtt::Frame& frame, std::uint64_t now_ns) = 0;
    // After the last whole packet of a read: the moment to answer all of them at once.
    virtual void on_read_end(std::uint64_t now_ns) { static_cast<void>(now_ns); }
    // Closes because of a packet that has no place here, DISCONNECT with its reason; false.
    bool refuse(const mqtt::Frame& frame);

private:
    std::size_t on_bytes(ByteView bytes, std::uint64_t now_ns) final;
};

} // namespace holdfast::load
