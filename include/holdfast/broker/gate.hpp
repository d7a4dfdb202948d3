#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/access/principal.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/broker/peer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace holdfast::broker {

// What a CONNECT says of who sends it.
struct Credentials {
    std::string user; // empty: none
    std::optional<std::string> password;
    std::string client_id; // also where the server chose it
    Peer peer;
};

// Who a client is and what it may do, as it was when the gate's version was `version`.
struct Admission {
    access::Principal principal;
    access::Rights rights;
    std::uint64_t version = 0;
};

// Who stands before the broker's sessions. Wired by app; a broker without one is open to all.
// Thread-safe; it outlives the broker.
class Gate {
public:
    virtual ~Gate() = default;

    // `done` is called once, on any thread, maybe before admit() returns; it must not block.
    // Errors: denied, limit_exceeded (locked out, or too many checks are waiting), closed.
    // Whether the client may connect under its client id is not asked here: the rights say it.
    using Admitted = Result<std::shared_ptr<const Admission>>;
    using Done = std::function<void(Admitted)>;
    virtual void admit(Credentials credentials, Done done) = 0;

    // The same principal with the rights of now; null where its user is gone or disabled.
    [[nodiscard]] virtual std::shared_ptr<const Admission> renew(
        const access::Principal& principal) = 0;
    // Grows when users or rights change: older admissions are to be renewed.
    [[nodiscard]] virtual std::uint64_t version() const noexcept = 0;
};

} // namespace holdfast::broker
