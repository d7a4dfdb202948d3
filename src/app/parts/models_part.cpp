#include "app/parts/models_part.hpp"

#include "app/text_file.hpp"

#include <holdfast/base/log_line.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::size_t kModelBytesMax = 1U << 20U; // as of all configuration files

} // namespace

Result<void> ModelsPart::start() {
    makers_ = std::make_unique<const MakerRights>(identity_.authenticator());
    rights_version_ = identity_.authenticator().version();
    engine_ = std::make_unique<models::Engine>(
        models::EngineSettings{},
        models::Engine::Parts{log_.log(), consumers_.consumers(), broker_.broker(),
                              alarms_.alarms(), ground_.metrics, ground_.clock,
                              [makers = makers_.get()](const auto& made_by, const auto& source) {
                                  return makers->refusal_of_model(made_by, source);
                              },
                              history_.store()});
    HF_TRY(engine_->start());
    ground_.housekeeping.add("rights of models", std::chrono::seconds(1), [this]() -> Result<void> {
        follow_rights();
        return ok();
    });
    for (const config::ModelFile& model : ground_.config.models) {
        HF_TRY(const std::string text, read_text_file(model.file, kModelBytesMax));
        HF_TRY(engine_->load_file(text, model.file.string()));
    }
    return ok();
}

// Whoever changed them.
void ModelsPart::follow_rights() {
    const std::uint64_t version = identity_.authenticator().version();
    if (!engine_ || std::exchange(rights_version_, version) == version) return;
    if (const auto followed = engine_->follow_rights(); !followed)
        log_error("models", "a model cannot follow rights: {}", followed.error().context);
}

} // namespace holdfast::app
