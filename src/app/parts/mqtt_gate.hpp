#pragma once

#include <holdfast/access/audit_event.hpp>
#include <holdfast/broker/gate.hpp>
#include <holdfast/identity/authenticator.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::app {

// Who an MQTT client is, by what the site's users file and access.yaml say. A client certificate
// stands for the user of its CN, and what CONNECT says beside it must agree. An API token is a
// password of its owner. The authenticator outlives it.
class MqttGate final : public broker::Gate {
public:
    // Refused connections are told to `audit`, which outlives it, too.
    MqttGate(identity::Authenticator& identity, access::AuditSink& audit)
        : identity_(identity), audit_(audit) {}

    void admit(broker::Credentials credentials, Done done) override;
    [[nodiscard]] std::shared_ptr<const broker::Admission> renew(
        const access::Principal& principal) override;
    [[nodiscard]] std::uint64_t version() const noexcept override { return identity_.version(); }

private:
    void check_secret(const broker::Credentials& credentials, identity::Authenticator::Done done);

    identity::Authenticator& identity_;
    access::AuditSink& audit_;
};

} // namespace holdfast::app
