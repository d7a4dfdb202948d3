#pragma once

#include <algorithm>

namespace holdfast::ml {

// Evidence e, not negative, as a score in [0, 1): e / (e + 1), which is 0.5 at 1. Beyond 2^53 that
// would round to 1, so what is more than a million million is no more certain.
inline double score_of(double evidence) {
    constexpr double kEvidenceMax = 1e12;
    const double bounded = std::min(evidence, kEvidenceMax);
    return bounded / (bounded + 1.0);
}

} // namespace holdfast::ml
