#pragma once

#include <load/histogram.hpp>

#include <cstdint>

namespace holdfast::load {

// What publishers and subscribers of one run share. One thread.
struct Traffic {
    bool producing = false; // new messages may be sent
    bool measuring = false; // inside the measured interval

    // Since the start, warm-up and drain included.
    std::uint64_t sent = 0;
    std::uint64_t acked = 0;     // QoS 1: PUBACK; QoS 0: answered by the PINGRESP behind it
    std::uint64_t received = 0;  // by all subscribers together
    std::uint64_t refused = 0;   // PUBACK with an error code
    std::uint64_t unordered = 0; // PUBACK of another message than the oldest

    // Closed loop: publishers pause while more than this is sent, but not delivered.
    std::uint64_t subscribers_per_message = 0;
    std::uint64_t undelivered_max = 0;
    bool stalled = false; // some publisher paused for it

    Histogram ack_latency; // from the (intended) send to PUBACK
    Histogram end_to_end;  // from the (intended) send to the subscriber

    [[nodiscard]] bool backlog_full() const noexcept {
        return subscribers_per_message > 0 &&
               sent * subscribers_per_message > received + undelivered_max;
    }
    // Half of it is free again: paused publishers go on in gulps, not message by message.
    [[nodiscard]] bool backlog_low() const noexcept {
        return sent * subscribers_per_message <= received + undelivered_max / 2;
    }
};

// Open loop: message `sequence` of publisher `index` is due at a fixed time, whatever the
// server does. All publishers take turns. rate_per_s 0 means closed loop.
struct Schedule {
    std::uint64_t start_ns = 0;
    double rate_per_s = 0;
    std::uint64_t publishers = 1;

    [[nodiscard]] bool open() const noexcept { return rate_per_s > 0; }
    [[nodiscard]] std::uint64_t due_ns(std::uint64_t message) const noexcept {
        return start_ns +
               static_cast<std::uint64_t>(static_cast<double>(message) * 1e9 / rate_per_s);
    }
    [[nodiscard]] std::uint64_t due_ns(std::uint64_t publisher,
                                       std::uint64_t sequence) const noexcept {
        return due_ns(sequence * publishers + publisher);
    }
};

} // namespace holdfast::load
