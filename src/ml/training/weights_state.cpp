#include "ml/training/weights_state.hpp"

#include "ml/training/fitted_state.hpp"
#include "ml/training/training_input.hpp"

#include <fmt/format.h>

namespace holdfast::ml {
namespace {

Result<Weights> read(StateReader state, std::uint8_t version) {
    Weights out;
    HF_TRY(state.version(version));
    HF_TRY(const std::size_t features, state.count(kFeaturesMax));
    HF_TRY(out.intercept, state.number());
    HF_TRY(out.of_features, state.numbers(features));
    HF_TRY(state.end());
    return out;
}

} // namespace

void save_weights(Bytes& out, std::uint8_t version, std::span<const double> of_features,
                  double intercept) {
    StateWriter state(out, version);
    state.u32(of_features.size());
    state.number(intercept);
    state.numbers(of_features);
}

Result<Weights> restore_weights(ByteView bytes, std::uint8_t version, const char* what) {
    Result<Weights> out = read(StateReader(bytes), version);
    if (!out) return fail(Errc::corrupt, fmt::format("{}: {}", what, out.error().context));
    return out;
}

} // namespace holdfast::ml
