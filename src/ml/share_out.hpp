#pragma once

#include <holdfast/ml/verdict.hpp>

#include <vector>

namespace holdfast::ml {

// Makes parts of a whole of what each signal's `share` holds: its evidence, not negative.
inline void share_out(std::vector<SignalView>& signals) {
    double sum = 0.0;
    for (const SignalView& each : signals) sum += each.share;
    for (SignalView& each : signals) each.share = sum > 0.0 ? each.share / sum : 0.0;
}

} // namespace holdfast::ml
