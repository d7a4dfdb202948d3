#include "app/parts/rules_part.hpp"

#include "app/rule_files.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace holdfast::app {

Result<void> RulesPart::start() {
    broker::Broker& broker = broker_.broker();
    const auto streams_of = [&broker](std::string_view) { return broker.bridge().streams(); };
    engine_ = std::make_unique<rules::Engine>(
        rules::EngineSettings{},
        rules::Engine::Parts{log_.log(), consumers_.consumers(), broker, alarms_.alarms(),
                             ground_.clock, ground_.metrics, streams_of});
    HF_TRY(engine_->start());
    ground_.housekeeping.add("ticks of rules", std::chrono::seconds(1), [this]() -> Result<void> {
        engine_->write_ticks();
        return ok();
    });
    for (const auto& file : ground_.config.rule_files) {
        HF_TRY(const std::string text, read_rule_file(file));
        HF_TRY(engine_->load_file(text, file.string()));
    }
    return ok();
}

} // namespace holdfast::app
