#pragma once

#include <cstdint>
#include <string>

namespace holdfast::ml {

enum class Transition : std::uint8_t { none, raised, cleared };

// What a detector says of one sample.
struct Verdict {
    double score = 0.0;   // [0, 1]; an alarm is raised at the detector's threshold
    bool is_warm = false; // false: still learning what is normal, no alarm is raised
    Transition transition = Transition::none;
};

// Why a sample scored as it did: the signal to look at, and what was expected of it.
struct Explanation {
    std::size_t signal = 0;    // index of the signal that is furthest off
    double value = 0.0;        // of that signal, in its own unit
    double expected_low = 0.0; // the range that was normal in this context, same unit
    double expected_high = 0.0;
    std::string context; // e.g. "earlier days between 14:00 and 14:30"
};

} // namespace holdfast::ml
