#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/arena.hpp>
#include <holdfast/broker/match_list.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::broker {

// One message to deliver. Everything is borrowed for the length of Fanout::add().
struct FanoutMessage {
    std::string_view topic;
    ByteView payload;
    ByteView properties;    // MQTT 5 properties to forward, encoded, without their length
    SessionRef publisher{}; // for no-local
    std::uint8_t qos = 0;   // that it was published with
    bool retain = false;
    // The PUBLISH as it came, behind its fixed header, where it may go out in `body_form` as it
    // is; else empty.
    ByteView body{};
    WireForm body_form = WireForm::v3_qos0;
};

// Messages on their way to subscribers, in arrival order.
//
// Each message is encoded once for every wire form that its receivers need, one behind the other;
// neighbours with the same match list and QoS make a run, and a run goes to each receiver as one
// piece of memory. Packet ids are patched in place, receiver by receiver, right before each send.
// Belongs to one shard at a time.
class Fanout {
public:
    // A run's bytes in one wire form, and where its packet ids stand (not with QoS 0).
    struct Part {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::size_t id_begin = 0; // index into id_positions
    };
    struct Run {
        std::shared_ptr<const MatchList> list;
        SessionRef publisher{}; // of all its messages, where the list has a no-local receiver
        std::uint8_t qos = 0;   // that its messages were published with
        bool retain = false;    // of all its messages, where the list has a receiver that cares
        std::uint32_t messages = 0;
        std::size_t packet_bytes_max = 0; // its largest packet in any form
        std::array<Part, kWireForms> parts{};
    };

    void add(const std::shared_ptr<const MatchList>& list, const FanoutMessage& message);
    // Copies those runs of `other` that shard `shard` has receivers for.
    void add_runs_of_shard(const Fanout& other, std::uint16_t shard);
    // Keeps memory for up to so many bytes of each form.
    void clear(std::size_t keep_bytes_max);

    [[nodiscard]] bool empty() const noexcept { return runs_.empty(); }
    [[nodiscard]] const std::vector<Run>& runs() const noexcept { return runs_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept;

    // A run's packets in `form`, back to back. Valid until the next add() or clear().
    [[nodiscard]] std::span<std::byte> bytes(const Run& run, WireForm form);
    // Where the packet ids of these packets stand, counted from the start of bytes(run, form).
    [[nodiscard]] std::span<const std::uint32_t> id_positions(const Run& run, WireForm form) const;

private:
    struct FormBuffer {
        GrowingArena bytes;
        std::vector<std::uint32_t> id_positions; // from the start of their run's part
    };
    Run& run_for(const std::shared_ptr<const MatchList>& list, const FanoutMessage& message);
    std::size_t encode(Run& run, WireForm form, const FanoutMessage& message);

    std::vector<Run> runs_;
    std::array<FormBuffer, kWireForms> forms_;
};

} // namespace holdfast::broker
