#include "app/check_config.hpp"

#include "app/rule_files.hpp"
#include "app/settings_of_config.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/broker/bridge.hpp>
#include <holdfast/gateway/tls/tls_context.hpp>
#include <holdfast/identity/directory.hpp>
#include <holdfast/log/stream_settings.hpp>
#include <holdfast/models/model_spec.hpp>
#include <holdfast/rules/check.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::app {
namespace {

class ConfigCheck {
public:
    explicit ConfigCheck(const config::Config& config) : config_(config) {}

    Result<void> run() {
        for (const config::StreamConfig& stream : config_.streams)
            if (const auto checked = log::check_settings(stream_settings(stream)); !checked)
                add(stream.where, checked.error());
        for (const config::RouteConfig& route : config_.bridge)
            if (const auto made = broker::Bridge::make(route_settings({route})); !made)
                add(route.where, made.error());
        for (const auto* listeners : {&config_.listeners.mqtt, &config_.listeners.http})
            for (const config::Listener& listener : *listeners) check(listener);
        for (const config::ModelFile& model : config_.models) check(model);
        for (const auto& file : config_.rule_files) check(file);
        if (const config::Security& security = config_.security; security.has_users())
            if (const auto read = identity::Directory::load(security.access, security.users); !read)
                add(read.error().context);
        if (mistakes_.empty()) return ok();
        return fail(Errc::malformed, std::move(mistakes_));
    }

private:
    void add(std::string_view line) {
        mistakes_ += mistakes_.empty() ? "" : "\n";
        mistakes_ += line;
    }
    void add(std::string_view where, const Error& error) {
        add(fmt::format("{}: {}", where, error.context));
    }

    // Rules and models of files may use what the configuration has; what was made over REST only is
    // not known here, nor on another machine.
    [[nodiscard]] bool has_stream(std::string_view name) const {
        return name == "alarms" ||
               std::ranges::find(config_.streams, name, &config::StreamConfig::name) !=
                   config_.streams.end();
    }

    void check(const config::Listener& listener) {
        if (!listener.tls) return;
        const auto loaded =
            gateway::TlsContext::load(tls_settings(*listener.tls), SystemClock().now_ms());
        if (!loaded) add(listener.where + ".tls", loaded.error());
    }

    void check(const config::ModelFile& model) {
        if (const auto spec = models::check_model(model); !spec)
            add(with_line(model, spec.error().context));
        if (!has_stream(model.source))
            add(fmt::format("{}: there is no stream '{}' under `streams`", model.where("source"),
                            model.source));
    }

    // "FILE: key: why" with the line of the key.
    static std::string with_line(const config::ModelFile& model, const std::string& why) {
        const std::string file = model.file.string() + ": ";
        if (!why.starts_with(file)) return why; // has its place already
        const std::string_view rest = std::string_view(why).substr(file.size());
        const auto colon = rest.find(':');
        if (colon == std::string_view::npos) return why;
        return model.where(rest.substr(0, colon)) + std::string(rest.substr(colon));
    }

    void check(const std::filesystem::path& file) {
        auto rules = parse_rule_file(file);
        if (!rules) return add(rules.error().context);
        for (PlacedRule& rule : rules.value()) {
            const auto [other, is_first] = rules_.emplace(rule.statement.name, rule.where);
            if (!is_first)
                add(fmt::format("{}: rule '{}' is also in {}", rule.where, other->first,
                                other->second));
            const auto known = [this](std::string_view name) { return has_stream(name); };
            if (const auto checked = rules::check_rule(rule.statement, known); !checked)
                add(at_place(file, checked.error()));
            if (const auto plan = sql::bind_rule(std::move(rule.statement)); !plan)
                add(at_place(file, plan.error()));
        }
    }

    const config::Config& config_;
    std::string mistakes_;
    std::map<std::string, std::string> rules_; // name, and where it stands
};

} // namespace

Result<void> check_config(const config::Config& config) {
    return ConfigCheck(config).run();
}

} // namespace holdfast::app
