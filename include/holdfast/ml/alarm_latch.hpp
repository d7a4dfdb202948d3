#pragma once

#include <holdfast/ml/verdict.hpp>

#include <cstdint>

namespace holdfast::ml {

// One alarm out of many high scores: raised at the threshold, cleared once the score has stayed
// below it for `hold` samples in a row, and then ready to be raised again.
struct AlarmLatch {
    bool alarmed = false;
    std::uint32_t quiet = 0; // samples in a row below the threshold, while alarmed

    Transition decide(double score, double threshold, std::uint32_t hold);
};

} // namespace holdfast::ml
