#include "app/parts/models_part.hpp"

#include "app/text_file.hpp"

#include <cstddef>
#include <string>

namespace holdfast::app {
namespace {

constexpr std::size_t kModelBytesMax = 1U << 20U; // as of all configuration files

} // namespace

Result<void> ModelsPart::start() {
    engine_ = std::make_unique<models::Engine>(
        models::EngineSettings{},
        models::Engine::Parts{log_.log(), consumers_.consumers(), broker_.broker(),
                              alarms_.alarms(), ground_.metrics, ground_.clock});
    HF_TRY(engine_->start());
    for (const config::ModelFile& model : ground_.config.models) {
        HF_TRY(const std::string text, read_text_file(model.file, kModelBytesMax));
        HF_TRY(engine_->load_file(text, model.file.string()));
    }
    return ok();
}

} // namespace holdfast::app
