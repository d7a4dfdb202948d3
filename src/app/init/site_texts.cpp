#include "app/init/site_texts.hpp"

#include <fmt/format.h>

namespace holdfast::app {
namespace {

constexpr const char* kAccess =
    R"(# Roles and what they may do. Which user has which role: `holdfast user list`.
# What no rule allows is denied, and `deny` wins over every `allow`. A change holds within a second;
# a file with a mistake changes nothing, and the server logs its line. Ask before:
#   holdfast access test USER publish topic:devices/USER/state -c holdfast.yaml
# In topics, + and # are wildcards, in other names * is any text. {user} is the name of who asks,
# {client} its client id, {cn} the name in its certificate: always as text, never as a wildcard.
# All of it is described in docs/format/access.md.
roles:
  # Everything, users and rights included.
  administrator:
    - {allow: all}

  # Runs the site: sees everything, changes everything but users and rights.
  operator:
    - {allow: connect, clients: ["*"]}
    - {allow: [publish, subscribe], topics: ["#"]}
    - {allow: [read, write, manage], streams: ["*"]}
    - {allow: [read, manage], areas: ["*"]}
    - {deny: [read, write, manage], streams: [audit], areas: [audit, backup, users]}

  # A device: its own topics and no others. Its client id begins with its name.
  device:
    - {allow: connect, clients: ["{user}", "{user}-*"]}
    - {allow: [publish, subscribe], topics: ["devices/{user}/#"]}

  # Looks on.
  reader:
    - {allow: connect, clients: ["*"]}
    - {allow: subscribe, topics: ["#"]}
    - {allow: read, streams: ["*"], areas: ["*"]}
    - {deny: read, streams: [audit], areas: [audit, backup, users]}

# Roles of clients without a name, where a listener takes them (`anonymous: true`).
anonymous: []
)";

constexpr const char* kConfigBegins =
    R"(# A site on its network: TLS on all interfaces, nobody without a user. docs/config.md says
# what each key means; config/holdfast.yaml has all of them, at their defaults.
# Paths are relative to this file, except data_dir.

)";
constexpr const char* kConfigEnds = R"(
log_level: info # debug, info, warn, error

# Who may do what, written by hand; and who there is, written by `holdfast user` and over REST.
access: access.yaml
users: users

# tls: the server's certificate, and the CA that clients' certificates must be of.
# clients: off, asked (who has a certificate needs no password) or required.
# Renew the certificate: `holdfast cert server -c holdfast.yaml`. The server takes it by itself.
listeners:
  mqtt:
    - address: "0.0.0.0:8883"
      tls:
        certificate: certs/server.crt
        key: certs/server.key
        client_ca: certs/ca.crt
        clients: asked
    - address: "127.0.0.1:1883" # without TLS, from this machine only
  # REST, and MQTT over WebSocket at /mqtt.
  http:
    - address: "0.0.0.0:8443"
      tls:
        certificate: certs/server.crt
        key: certs/server.key
        client_ca: certs/ca.crt
        clients: asked
    - address: "127.0.0.1:8080"

# What is published is kept in streams. The first route that matches a topic wins.
streams:
  events:
    partitions: 4
    retention: {time: 7d, bytes: unlimited} # bytes: per partition
bridge:
  - {topic: "devices/{device}/#", stream: events, device: "{device}"}
  - {topic: "#", stream: events}

# rules: [rules/*.sql]
# models: [models/*.yaml]
)";

// As YAML's double-quoted text: a path may hold what means something to YAML.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

} // namespace

std::string site_config(const std::filesystem::path& data_dir) {
    return fmt::format("{}data_dir: {}{}", kConfigBegins, quoted(data_dir.string()), kConfigEnds);
}

std::string site_access() {
    return kAccess;
}

} // namespace holdfast::app
