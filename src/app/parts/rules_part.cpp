#include "app/parts/rules_part.hpp"

#include "app/rule_files.hpp"

#include <holdfast/base/log_line.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::app {

Result<void> RulesPart::start() {
    broker::Broker& broker = broker_.broker();
    const auto streams_of = [&broker](std::string_view) { return broker.bridge().streams(); };
    makers_ = std::make_unique<const MakerRights>(identity_.authenticator());
    rights_version_ = identity_.authenticator().version();
    engine_ = std::make_unique<rules::Engine>(
        rules::EngineSettings{},
        rules::Engine::Parts{log_.log(), consumers_.consumers(), broker, alarms_.alarms(),
                             ground_.clock, ground_.metrics, streams_of,
                             [makers = makers_.get()](const auto& made_by, const auto& sql) {
                                 return makers->refusal_of_rule(made_by, sql);
                             }});
    HF_TRY(engine_->start());
    ground_.housekeeping.add("ticks of rules", std::chrono::seconds(1), [this]() -> Result<void> {
        engine_->write_ticks();
        return ok();
    });
    ground_.housekeeping.add("rights of rules", std::chrono::seconds(1), [this]() -> Result<void> {
        follow_rights();
        return ok();
    });
    for (const auto& file : ground_.config.rule_files) {
        HF_TRY(const std::string text, read_rule_file(file));
        HF_TRY(engine_->load_file(text, file.string()));
    }
    return ok();
}

// Whoever changed them.
void RulesPart::follow_rights() {
    const std::uint64_t version = identity_.authenticator().version();
    if (!engine_ || std::exchange(rights_version_, version) == version) return;
    if (const auto followed = engine_->follow_rights(); !followed)
        log_error("rules", "a rule cannot follow rights: {}", followed.error().context);
}

} // namespace holdfast::app
