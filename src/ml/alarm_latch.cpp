#include <holdfast/ml/alarm_latch.hpp>

namespace holdfast::ml {

Transition AlarmLatch::decide(double score, double threshold, std::uint32_t hold) {
    if (score >= threshold) {
        quiet = 0;
        if (alarmed) return Transition::none;
        alarmed = true;
        return Transition::raised;
    }
    if (!alarmed || ++quiet <= hold) return Transition::none;
    alarmed = false;
    quiet = 0;
    return Transition::cleared;
}

} // namespace holdfast::ml
