#include "app/client_text.hpp"

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>

namespace holdfast::app {
namespace {

namespace json = boost::json;

// The rule of a decision where no rule made it (access::Decision).
constexpr std::string_view kNoRule = "no rule allows it";

// What a client chose to call itself must not move the cursor of who reads it.
std::string visible(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02X}", byte) : std::string(1, c);
    }
    return out;
}

std::string text_of(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_string() ? visible(value->get_string()) : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool flag_of(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

const json::array& array_of(const json::object& object, std::string_view name) {
    static const json::array none;
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string time_of(const json::object& object, std::string_view name) {
    return column::format_timestamp(number_of(object, name) * 1000);
}

std::string roles_of(const json::object& client) {
    std::string out;
    for (const json::value& role : array_of(client, "roles"))
        out += (out.empty() ? "" : ", ") + visible(role.as_string());
    return out;
}

std::string_view protocol_of(const json::object& client) {
    switch (number_of(client, "protocol_version")) {
        case 3: return "MQTT 3.1";
        case 4: return "MQTT 3.1.1";
        default: return "MQTT 5";
    }
}

void add_standing(std::string& out, const json::object& client) {
    const std::string id = text_of(client, "client_id");
    if (!flag_of(client, "known")) {
        out += fmt::format("'{}' has no session: it was only refused.\n", id);
        return;
    }
    if (flag_of(client, "connected"))
        out += fmt::format("'{}' is connected since {} from {} by {}\n", id,
                           time_of(client, "connected_ms"), text_of(client, "address"),
                           text_of(client, "listener"));
    else
        out += fmt::format("'{}' is not connected since {}; its session waits for it\n", id,
                           time_of(client, "disconnected_ms"));
    if (flag_of(client, "slowed"))
        out += "  slowed        it sends more than its limit lets it: it is read slowly\n";
    const std::string user = text_of(client, "user");
    const std::string roles = roles_of(client);
    out += fmt::format("  user          {}{}\n", user.empty() ? "none" : user,
                       roles.empty() ? "" : ", with the roles " + roles);
    const std::int64_t keep_alive_s = number_of(client, "keep_alive_s");
    out += fmt::format(
        "  session       {}, {}{}\n", protocol_of(client),
        flag_of(client, "persistent") ? "outlives its connection" : "ends with its connection",
        keep_alive_s != 0 ? fmt::format(", keep alive {} s", keep_alive_s) : "");
    out += fmt::format("  waiting       {} messages, {} bytes; {} in flight\n",
                       number_of(client, "queued_messages"), number_of(client, "queued_bytes"),
                       number_of(client, "in_flight"));
}

void add_subscriptions(std::string& out, const json::object& client) {
    const json::array& subscriptions = array_of(client, "subscriptions");
    const std::int64_t count = number_of(client, "subscription_count");
    if (!flag_of(client, "known")) return;
    out += fmt::format("  subscriptions {}\n", count);
    for (const json::value& each : subscriptions) {
        const json::object& subscription = each.as_object();
        out += fmt::format("    QoS {} {}", number_of(subscription, "qos"),
                           text_of(subscription, "filter"));
        if (flag_of(subscription, "denied"))
            out += fmt::format("   gets nothing: {}", text_of(subscription, "why"));
        out += '\n';
    }
    if (const auto shown = static_cast<std::int64_t>(subscriptions.size()); shown < count)
        out += fmt::format("    and {} more\n", count - shown);
}

// What to write so that a refusal does not come again; empty where it is no matter of rules. Where
// several rules deny, each is told when the one before it is gone.
std::string remedy_of(const json::object& refusal, const std::string& roles) {
    const std::string why = text_of(refusal, "why");
    const std::string action = text_of(refusal, "action");
    if (why == kNoRule) {
        const std::string_view kind = action == "connect" ? "clients" : "topics";
        return fmt::format(
            "to allow it, write in access.yaml, in {}:\n"
            "        - {{allow: {}, {}: [{}]}}\n",
            roles.empty() ? "a role that its user has" : "one of its roles (" + roles + ")", action,
            kind, json::serialize(refusal.at("resource")));
    }
    // "access.yaml:7: sensor: deny publish to plant/+/recipe"
    if (why.find(": deny ") != std::string::npos)
        return "a rule that denies wins over all that allow: change or remove that one\n";
    return {};
}

void add_refusals(std::string& out, const json::object& client) {
    const json::array& refusals = array_of(client, "refusals");
    const std::string roles = roles_of(client);
    if (refusals.empty()) {
        out += "  refusals      none lately\n";
        return;
    }
    out += "  refusals      the last of them:\n";
    for (const json::value& each : refusals) {
        const json::object& refusal = each.as_object();
        out += fmt::format("    {} {} '{}' from {}: {}\n", time_of(refusal, "at_ms"),
                           text_of(refusal, "action"), text_of(refusal, "resource"),
                           text_of(refusal, "address"), text_of(refusal, "why"));
        if (const std::string remedy = remedy_of(refusal, roles); !remedy.empty())
            out += "      " + remedy;
    }
}

Result<json::object> object_of(std::string_view text, std::string_view member) {
    json::error_code error;
    json::value answer = json::parse(text, error);
    if (error || !answer.is_object() || !answer.as_object().contains(member))
        return fail(Errc::malformed, "the answer is not of this program's server");
    return std::move(answer.as_object());
}

} // namespace

Result<std::string> client_text(std::string_view json) {
    HF_TRY(const json::object client, object_of(json, "client_id"));
    std::string out;
    add_standing(out, client);
    add_subscriptions(out, client);
    add_refusals(out, client);
    return out;
}

Result<std::string> clients_text(std::string_view json) {
    HF_TRY(const json::object answer, object_of(json, "clients"));
    std::string out = fmt::format("{:<28} {:<16} {:<24} {:>13} {:>10}\n", "client", "user",
                                  "address", "subscriptions", "waiting");
    for (const json::value& each : array_of(answer, "clients")) {
        const json::object& client = each.as_object();
        const std::string address = text_of(client, "address");
        out += fmt::format("{:<28} {:<16} {:<24} {:>13} {:>10}\n", text_of(client, "client_id"),
                           text_of(client, "user"), address.empty() ? "-" : address,
                           number_of(client, "subscription_count"),
                           number_of(client, "queued_messages"));
    }
    if (flag_of(answer, "truncated")) out += "there are more: see --search and --limit\n";
    return out;
}

} // namespace holdfast::app
