// Invariant: bytes that nobody saved are refused, or make a detector that saves the same again
// and whose scores stay in [0, 1] whatever comes.
#include <holdfast/ml/ensemble.hpp>
#include <holdfast/ml/ewma_chart.hpp>
#include <holdfast/ml/ewma_pca.hpp>
#include <holdfast/ml/level_shift.hpp>
#include <holdfast/ml/range_forest.hpp>
#include <holdfast/ml/rls.hpp>
#include <holdfast/ml/seasonal_range.hpp>
#include <holdfast/ml/sensor_fault.hpp>

#include <array>
#include <cstdlib>

using namespace holdfast;

namespace {

constexpr std::array<double, 4> kValues = {0.0, -3.5, 1e30, 1e300};

void require(bool holds) {
    if (!holds) std::abort();
}

template <typename Detector, typename Update>
void check(Detector detector, ByteView state, Update update) {
    if (!detector.restore(state)) return;
    Bytes once;
    detector.save(once);
    require(detector.restore(once).has_value());
    Bytes twice;
    detector.save(twice);
    require(once == twice);
    for (const double value : kValues) {
        const ml::Verdict verdict = update(detector, value);
        require(verdict.score >= 0.0 && verdict.score <= 1.0);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView state(reinterpret_cast<const std::byte*>(data), size);
    std::int64_t now_ms = 1'700'000'000'000;
    check(ml::SeasonalRange(), state, [&](ml::SeasonalRange& detector, double value) {
        return detector.update(now_ms += 60'000, value);
    });
    check(ml::RangeForest(), state, [&](ml::RangeForest& detector, double value) {
        return detector.update(now_ms += 60'000, value);
    });
    check(ml::EwmaChart(2), state, [](ml::EwmaChart& detector, double value) {
        return detector.update(std::array<double, 2>{value, 1.0});
    });
    check(ml::EwmaPca(2), state, [](ml::EwmaPca& detector, double value) {
        return detector.update(std::array<double, 2>{value, 1.0});
    });
    check(ml::LevelShift(2), state, [](ml::LevelShift& detector, double value) {
        return detector.update(std::array<double, 2>{value, 1.0});
    });
    check(ml::Rls(2), state, [](ml::Rls& detector, double value) {
        return detector.update(std::array<double, 2>{value, 1.0});
    });
    check(ml::SensorFault(2), state, [&](ml::SensorFault& detector, double value) {
        return detector.update(now_ms += 60'000, std::array<double, 2>{value, 1.0});
    });
    check(ml::Ensemble(2), state, [&](ml::Ensemble& detector, double value) {
        return detector.update(now_ms += 60'000, std::array<double, 2>{value, 1.0});
    });
    return 0;
}
