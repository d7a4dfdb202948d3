#pragma once

#include <load/histogram.hpp>
#include <load/sequence_checker.hpp>

#include <cstdint>
#include <string>

namespace holdfast::load {

// The outcome of a measured run; to_json() and to_text() are two views of it.
struct Report {
    std::string scenario;
    std::string parameters; // "qos=1 window=20 ..."

    // In the measured interval.
    double seconds = 0;
    std::uint64_t published = 0; // acknowledged (QoS 0: taken by the server)
    std::uint64_t delivered = 0; // received by all subscribers together
    double server_cpu_s = 0;
    std::uint64_t server_rss_bytes = 0; // at its end
    double generator_cpu_s = 0;
    Histogram ack_latency;
    Histogram end_to_end;

    // Since the start, warm-up and drain included.
    std::uint64_t total_sent = 0;
    std::uint64_t total_acked = 0;
    std::uint64_t total_expected = 0; // deliveries
    std::uint64_t lost = 0;
    SequenceCounts sequence;
    std::uint64_t refused = 0;
    std::uint64_t unordered_acks = 0;
    std::uint64_t failures = 0; // connections that broke
    std::string first_failure;
    bool interrupted = false;
    bool loss_allowed = false; // QoS 0 may lose without a bad exit

    // Nothing lost, duplicated, reordered or refused; everything sent was acknowledged.
    [[nodiscard]] bool clean() const noexcept;
    [[nodiscard]] std::string to_json() const; // one line
    [[nodiscard]] std::string to_text() const; // several lines, for people
};

} // namespace holdfast::load
