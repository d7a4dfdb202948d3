#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace holdfast::broker {

// The listener that a connection came in by: one object for all of its connections.
struct Door {
    std::string listener;        // as it is configured, for people: "mqtts 0.0.0.0:8883"
    bool takes_anonymous = true; // clients that do not say who they are
};

// Why a connection is there only to be told that it may not be.
enum class TurnedAway : std::uint8_t {
    no,
    too_many, // connections of its address
    too_fast, // does its address open connections
};

// What the transport saw of whoever is at the other end of a connection.
struct Peer {
    std::string address; // "192.0.2.7:51234"
    std::string common_name =
        {}; // of its certificate, which was checked: its CN or SAN; empty without one
    std::shared_ptr<const Door> door = {}; // null: inside the process, as tests are
    // Among the connections of its address: kept as long as the connection is there. Null: nobody
    // counts them.
    std::shared_ptr<const void> place = {};
    TurnedAway turned_away = TurnedAway::no;
};

} // namespace holdfast::broker
