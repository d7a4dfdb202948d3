#pragma once

#include <memory>
#include <string>

namespace holdfast::broker {

// The listener that a connection came in by: one object for all of its connections.
struct Door {
    std::string listener;        // as it is configured, for people: "mqtts 0.0.0.0:8883"
    bool takes_anonymous = true; // clients that do not say who they are
};

// What the transport saw of whoever is at the other end of a connection.
struct Peer {
    std::string address;          // "192.0.2.7:51234"
    std::string common_name = {}; // CN of its certificate, which was checked; empty without one
    std::shared_ptr<const Door> door = {}; // null: inside the process, as tests are
};

} // namespace holdfast::broker
