#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::ml {

enum class Transition : std::uint8_t { none, raised, cleared };

// What a detector says of one sample.
struct Verdict {
    double score = 0.0;   // [0, 1]; an alarm is raised at the detector's threshold
    bool is_warm = false; // false: still learning what is normal, no alarm is raised
    Transition transition = Transition::none;
};

// One signal of a sample beside what was expected of it.
struct SignalView {
    double expected_low = 0.0; // in its own unit; NaN: the detector expects no value of it
    double expected_high = 0.0;
    double share = 0.0; // of what there is against the sample, [0, 1]; 0 where there is nothing
};

// Why a sample scored as it did: the signal to look at, and what was expected of it.
struct Explanation {
    std::size_t signal = 0;    // index of the signal that is furthest off
    double value = 0.0;        // of that signal, in its own unit
    double expected_low = 0.0; // the range that was normal in this context, same unit
    double expected_high = 0.0;
    std::string context; // e.g. "earlier days between 14:00 and 14:30"
    // Of each signal; empty while nothing is expected of any.
    std::vector<SignalView> signals;
};

} // namespace holdfast::ml
