#include "app/parts/mqtt_gate.hpp"

#include <holdfast/identity/directory.hpp>
#include <holdfast/identity/tokens.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::size_t kClientIdBytesMax = 256; // in the audit; whoever is refused chose it

std::string without_port(const std::string& address) {
    return address.substr(0, address.rfind(':'));
}

// One text for all that is wrong with a name or a secret: it must not help to guess either.
Error unknown() {
    return {Errc::denied, "user or password is wrong"};
}

} // namespace

void MqttGate::admit(broker::Credentials credentials, Done done) {
    // Asked for before the directory: rights that change in between are renewed.
    const std::uint64_t version = identity_.version();
    const auto directory = identity_.directory();
    const std::string common_name = credentials.peer.common_name;
    const bool has_certificate = !common_name.empty();
    auto finish =
        [directory, version, &audit = audit_, user = credentials.user, done = std::move(done),
         common_name, client_id = credentials.client_id,
         address = without_port(credentials.peer.address)](Result<access::Principal> recognised) {
            const auto refuse = [&](std::string_view actor, std::string why) {
                audit.note({std::string(actor.substr(0, identity::kUserNameBytesMax)), address,
                            "mqtt connect", client_id.substr(0, kClientIdBytesMax),
                            access::AuditOutcome::refused, std::move(why)});
            };
            if (!recognised) {
                refuse(user.empty() ? common_name : user, recognised.error().context);
                return done(std::move(recognised).error());
            }
            access::Principal principal = std::move(recognised).value();
            principal.client_id = client_id;
            principal.address = address;
            principal.common_name = common_name;
            access::Rights rights = directory->policy().rights_of(principal);
            // The broker asks for this, too, and refuses the connection.
            const auto may =
                rights.decide(access::Action::connect, access::Resource::client_id(client_id));
            if (!may.is_allowed) refuse(principal.name, may.rule);
            broker::Admission admission{std::move(principal), std::move(rights), version};
            done(std::make_shared<const broker::Admission>(std::move(admission)));
        };

    std::optional<access::Principal> certified;
    if (has_certificate) {
        certified = directory->principal(common_name, access::PrincipalKind::certificate);
        if (!certified)
            return finish(fail(Errc::denied,
                               "no user has the name of the certificate: '" + common_name + "'"));
        if (!credentials.user.empty() && credentials.user != common_name)
            return finish(fail(Errc::denied, "the user is not the one of the certificate"));
        if (!credentials.password) return finish(std::move(*certified));
        if (credentials.user.empty()) credentials.user = common_name;
    } else if (credentials.user.empty() && !credentials.password) {
        const bool takes_anonymous =
            !credentials.peer.door || credentials.peer.door->takes_anonymous;
        if (takes_anonymous) return finish(directory->anonymous());
        return finish(fail(Errc::denied, "this listener takes nobody without a name"));
    }
    check_secret(credentials, [finish = std::move(finish), certified = std::move(certified)](
                                  Result<access::Principal> recognised) {
        // The certificate is the stronger proof: what came beside it only had to agree.
        if (recognised && certified) return finish(*certified);
        finish(std::move(recognised));
    });
}

// A token says whose it is: its owner's name beside it, or none.
void MqttGate::check_secret(const broker::Credentials& credentials,
                            identity::Authenticator::Done done) {
    if (!credentials.password) return done(unknown());
    const std::string address = without_port(credentials.peer.address);
    if (!identity::parse_token(*credentials.password))
        return identity_.check_password(credentials.user, *credentials.password, address,
                                        std::move(done));
    auto owner = identity_.check_token(*credentials.password, address);
    if (owner && !credentials.user.empty() && credentials.user != owner.value().name)
        return done(unknown());
    done(std::move(owner));
}

std::shared_ptr<const broker::Admission> MqttGate::renew(const access::Principal& principal) {
    const std::uint64_t version = identity_.version();
    const auto directory = identity_.directory();
    auto renewed = directory->renewed(principal);
    if (!renewed) return nullptr;
    access::Rights rights = directory->policy().rights_of(*renewed);
    broker::Admission admission{std::move(*renewed), std::move(rights), version};
    return std::make_shared<const broker::Admission>(std::move(admission));
}

} // namespace holdfast::app
