#include <config/sections.hpp>

#include <config/endpoint.hpp>
#include <config/map_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::config {
namespace {

struct Surroundings {
    const std::filesystem::path& directory;
    bool has_users;
    Mistakes& mistakes;
};

bool is_host_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
}

void read_hosts(MapReader& map, std::vector<std::string>& out) {
    map.texts("hosts", out);
    for (std::string& host : out) {
        for (char& c : host)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!is_host_name(host))
            map.wrong(map.node()["hosts"], "hosts",
                      fmt::format("'{}' is not a host name, as in [plant.example.com]; its port "
                                  "does not count",
                                  host));
    }
}

void read_file(MapReader& map, std::string_view key, const std::filesystem::path& directory,
               std::filesystem::path& out) {
    std::string file;
    map.text(key, file);
    if (!file.empty()) out = directory / file;
}

TlsFiles read_tls(YAML::Node node, const std::string& path, const Surroundings& around) {
    TlsFiles tls;
    const YAML::Mark mark = node.Mark();
    MapReader map(std::move(node), path, around.mistakes);
    read_file(map, "certificate", around.directory, tls.certificate);
    read_file(map, "key", around.directory, tls.key);
    read_file(map, "client_ca", around.directory, tls.client_ca);
    const bool says_clients = map.take("clients").has_value();
    map.choice("clients", tls.clients,
               {{"off", TlsClients::off},
                {"asked", TlsClients::asked},
                {"required", TlsClients::required}});
    map.finish();
    for (const std::string_view key : {"certificate", "key"})
        if (!map.take(key)) around.mistakes.add(mark, path, fmt::format("`{}` is missing", key));
    const bool has_ca = !tls.client_ca.empty();
    if (tls.clients != TlsClients::off && !has_ca)
        around.mistakes.add(mark, path,
                            "`client_ca` is missing: whose certificates are good for clients");
    if (has_ca && !says_clients)
        around.mistakes.add(mark, path,
                            "`clients` is missing: asked, or required, a certificate of client_ca");
    return tls;
}

// The rules that hold where there is an address.
void check_openness(const YAML::Node& node, const std::string& path, const Listener& listener,
                    const Surroundings& around) {
    if (around.has_users) return;
    const auto wrong = [&](std::string_view why) { around.mistakes.add(node.Mark(), path, why); };
    if (!is_loopback(listener.endpoint))
        wrong(
            fmt::format("{} is not a loopback address (127.0.0.1, [::1]): without users everybody "
                        "who reaches it could do everything. Give `access: access.yaml` and "
                        "`users: users`, which `holdfast init` writes",
                        listener.endpoint.address));
    else if (!listener.takes_anonymous)
        wrong(
            "without `access` and `users` nobody can say who they are: with `anonymous: false` "
            "nobody gets in");
}

std::optional<Listener> read_listener(const YAML::Node& node, const std::string& path,
                                      std::string_view protocol, const Surroundings& around) {
    Listener listener;
    listener.where = around.mistakes.where(node.Mark(), path);
    std::string address;
    std::optional<bool> anonymous;
    if (node.IsScalar()) {
        address = node.Scalar();
    } else {
        MapReader map(node, path, around.mistakes);
        map.text("address", address);
        if (!map.take("address")) around.mistakes.add(node.Mark(), path, "`address` is missing");
        if (const auto tls = map.take("tls")) listener.tls = read_tls(*tls, path + ".tls", around);
        bool is_taken = false;
        map.choice("anonymous", is_taken, {{"true", true}, {"false", false}});
        if (map.take("anonymous")) anonymous = is_taken;
        if (protocol == "http")
            read_hosts(map, listener.hosts);
        else
            map.refuse("hosts", "MQTT clients name no host: only listeners.http has hosts");
        map.finish();
    }
    if (address.empty()) return std::nullopt;
    auto endpoint = parse_endpoint(address);
    if (!endpoint) {
        around.mistakes.add(node.Mark(), path, endpoint.error().context);
        return std::nullopt;
    }
    listener.endpoint = std::move(endpoint).value();
    listener.takes_anonymous =
        anonymous.value_or(is_loopback(listener.endpoint) && !around.has_users);
    check_openness(node, path, listener, around);
    return listener;
}

void read_protocol(MapReader& map, std::string_view key, std::vector<Listener>& out,
                   const Surroundings& around) {
    const auto node = map.take(key);
    if (!node) return;
    const std::string path = map.path_of(key);
    out.clear();
    if (node->IsScalar() && node->Scalar() == "off") return;
    if (!node->IsSequence()) {
        if (auto one = read_listener(*node, path, key, around)) out.push_back(std::move(*one));
        return;
    }
    if (node->size() == 0) map.wrong(*node, key, "an empty list: say `off`");
    for (std::size_t i = 0; i < node->size(); ++i) {
        const std::string name = fmt::format("{}[{}]", path, i);
        if (auto one = read_listener((*node)[i], name, key, around)) out.push_back(std::move(*one));
    }
}

// Two of one port. One of them may stand at its default, where no line could be named.
void check_ports(const Listeners& listeners, Mistakes& mistakes) {
    std::vector<std::pair<const Listener*, std::string_view>> all;
    for (const Listener& listener : listeners.mqtt) all.emplace_back(&listener, "listeners.mqtt");
    for (const Listener& listener : listeners.http) all.emplace_back(&listener, "listeners.http");
    for (auto at = all.begin(); at != all.end(); ++at) {
        const auto is_same = [&](const auto& other) {
            return other.first->endpoint == at->first->endpoint;
        };
        const auto before = std::find_if(all.begin(), at, is_same);
        if (before == at || at->first->endpoint.port == 0) continue;
        const bool is_named = !at->first->where.empty();
        const Listener& named = is_named ? *at->first : *before->first;
        mistakes.add_all_of(
            fail(Errc::malformed,
                 fmt::format("{}: {}:{} is the port of {} too", named.where, named.endpoint.address,
                             named.endpoint.port, is_named ? before->second : at->second)));
    }
}

} // namespace

void read_listeners(YAML::Node node, const std::filesystem::path& directory, bool has_users,
                    Listeners& out, Mistakes& mistakes) {
    for (std::vector<Listener>* listeners : {&out.mqtt, &out.http})
        for (Listener& listener : *listeners) listener.takes_anonymous = !has_users;
    MapReader map(std::move(node), "listeners", mistakes);
    const Surroundings around{directory, has_users, mistakes};
    read_protocol(map, "mqtt", out.mqtt, around);
    read_protocol(map, "http", out.http, around);
    for (const std::string_view key : {"kafka", "amqp"}) {
        const auto listener = map.scalar(key, "off");
        if (listener && listener->Scalar() != "off")
            map.wrong(*listener, key, "not served by this version yet: only `off`");
    }
    check_ports(out, mistakes);
    map.finish();
}

} // namespace holdfast::config
