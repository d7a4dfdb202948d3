// Goal: a model sees live what it was trained with: features by their definition, the same bit for
// bit from a table, from a stream and across a restart, over gaps and over millions of samples.
#include <holdfast/ml/features/feature_stream.hpp>
#include <holdfast/ml/training/random.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <limits>

using namespace holdfast;
using ml::FeatureKind;
using ml::FeatureSpec;
using ml::FeatureStream;
using ml::Table;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kStartMs = 1'700'000'000'000;

std::vector<FeatureSpec> all_kinds() {
    std::vector<FeatureSpec> out;
    for (const std::uint32_t signal : {0U, 1U}) {
        out.push_back({FeatureKind::value, signal});
        for (const std::uint32_t samples : {1U, 7U, 30U})
            for (auto kind = FeatureKind::lag; kind <= FeatureKind::slope;
                 kind = static_cast<FeatureKind>(static_cast<int>(kind) + 1))
                out.push_back({kind, signal, samples});
    }
    out.push_back({FeatureKind::ratio, 0, 0, 1});
    out.push_back({FeatureKind::product, 0, 0, 1});
    out.push_back({FeatureKind::hour});
    out.push_back({FeatureKind::weekday});
    return out;
}

// Two signals that drift, a tenth of the values missing.
Table plant(std::size_t rows) {
    ml::Random random(5);
    Table out(rows, 2);
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t i = 0; i < 2; ++i)
            out(row, i) = random.uniform() < 0.1
                              ? kNan
                              : 1000.0 * static_cast<double>(i) + static_cast<double>(row) * 0.01 +
                                    random.uniform();
    return out;
}

std::vector<std::uint64_t> bits(std::span<const double> values) {
    std::vector<std::uint64_t> out;
    for (const double value : values) out.push_back(std::bit_cast<std::uint64_t>(value));
    return out;
}

// The features of one signal after `values`, the newest last.
std::vector<double> features(const std::vector<FeatureSpec>& specs,
                             std::span<const double> values) {
    FeatureStream stream = FeatureStream::make(specs, 1).value();
    std::vector<double> out(specs.size());
    for (const double value : values) stream.update(kStartMs, std::array{value}, out);
    return out;
}

// By the definition, from all values of the window.
std::array<double, 3> slow_mean_deviation_slope(std::span<const double> window) {
    double n = 0.0;
    double mean = 0.0;
    double middle = 0.0;
    for (std::size_t i = 0; i < window.size(); ++i) {
        if (std::isnan(window[i])) continue;
        n += 1.0;
        mean += window[i];
        middle += static_cast<double>(i);
    }
    mean /= n;
    middle /= n;
    double squares = 0.0;
    double products = 0.0;
    double positions = 0.0;
    for (std::size_t i = 0; i < window.size(); ++i) {
        if (std::isnan(window[i])) continue;
        const double at = static_cast<double>(i) - middle;
        squares += (window[i] - mean) * (window[i] - mean);
        products += at * (window[i] - mean);
        positions += at * at;
    }
    return {mean, std::sqrt(squares / (n - 1.0)), products / positions};
}

} // namespace

TEST_CASE("features are what their names say", "[ml][features]") {
    const std::vector<FeatureSpec> specs = {
        {FeatureKind::value},      {FeatureKind::lag, 0, 2},       {FeatureKind::difference, 0, 1},
        {FeatureKind::mean, 0, 4}, {FeatureKind::deviation, 0, 4}, {FeatureKind::min, 0, 4},
        {FeatureKind::max, 0, 4},  {FeatureKind::slope, 0, 4},
    };
    const auto out = features(specs, std::array{100.0, 1.0, 3.0, 2.0, 6.0});
    CHECK(out[0] == 6.0);
    CHECK(out[1] == 3.0);
    CHECK(out[2] == 4.0);
    CHECK(out[3] == Approx(3.0));
    CHECK(out[4] == Approx(std::sqrt(14.0 / 3.0)));
    CHECK(out[5] == 1.0);
    CHECK(out[6] == 6.0);
    CHECK(out[7] == Approx(1.4)); // (-1.5 x -2 - 0.5 x 0 + 0.5 x -1 + 1.5 x 3) / 5
}

TEST_CASE("windows over gaps and before they are full use what is there", "[ml][features]") {
    const std::vector<FeatureSpec> specs = {
        {FeatureKind::mean, 0, 3}, {FeatureKind::deviation, 0, 3}, {FeatureKind::slope, 0, 3},
        {FeatureKind::min, 0, 3},  {FeatureKind::lag, 0, 1},
    };
    auto out = features(specs, std::array{5.0});
    CHECK(out[0] == 5.0);
    CHECK(std::isnan(out[1]));
    CHECK(std::isnan(out[2]));
    CHECK(out[3] == 5.0);
    CHECK(std::isnan(out[4]));
    out = features(specs, std::array{1.0, kNan, 5.0});
    CHECK(out[0] == 3.0);
    CHECK(out[2] == Approx(2.0)); // two samples apart
    out = features(specs, std::array{1.0, kNan, kNan, kNan});
    CHECK(std::isnan(out[0]));
    CHECK(std::isnan(out[3]));
    out = features(specs, std::array{1.0, 2.0, std::numeric_limits<double>::infinity(), 1e200});
    CHECK(out[0] == 2.0); // no sensor gives such values
}

TEST_CASE("the calendar is that of the event time in UTC, also before 1970", "[ml][features]") {
    FeatureStream stream =
        FeatureStream::make({{FeatureKind::hour}, {FeatureKind::weekday}}, 1).value();
    std::array<double, 2> out{};
    stream.update(1'700'000'000'000, std::array{0.0}, out); // Tuesday 2023-11-14 22:13:20
    CHECK(out[0] == Approx(22.0 + 13.0 / 60.0 + 20.0 / 3600.0));
    CHECK(out[1] == 1.0);
    stream.update(-1, std::array{0.0}, out); // Wednesday, the last millisecond of 1969
    CHECK(out[0] == Approx(24.0).margin(1e-6));
    CHECK(out[0] < 24.0);
    CHECK(out[1] == 2.0);
}

TEST_CASE("a ratio to nothing is missing", "[ml][features]") {
    FeatureStream stream = FeatureStream::make({{FeatureKind::ratio, 0, 0, 1}}, 2).value();
    std::array<double, 1> out{};
    stream.update(kStartMs, std::array{3.0, 2.0}, out);
    CHECK(out[0] == 1.5);
    stream.update(kStartMs, std::array{3.0, 0.0}, out);
    CHECK(std::isnan(out[0]));
    stream.update(kStartMs, std::array{1e90, 1e-20}, out); // nothing trains on such values
    CHECK(std::isnan(out[0]));
}

TEST_CASE("features from a table are those of the stream, bit for bit", "[ml][features]") {
    const Table signals = plant(500);
    std::vector<std::int64_t> times;
    std::vector<std::size_t> devices;
    for (std::size_t row = 0; row < signals.rows(); ++row) {
        times.push_back(kStartMs + 60'000 * static_cast<std::int64_t>(row));
        devices.push_back(row % 3 == 0 ? 7 : 8);
    }
    const std::vector<FeatureSpec> specs = all_kinds();
    const Table table = ml::make_features(specs, signals, times, devices).value();
    std::array streams = {FeatureStream::make(specs, 2).value(),
                          FeatureStream::make(specs, 2).value()};
    std::array<double, 2> sample{};
    std::vector<double> live(specs.size());
    std::vector<double> row_of_table(specs.size());
    for (std::size_t row = 0; row < signals.rows(); ++row) {
        signals.copy_row(row, sample);
        FeatureStream& stream = streams[devices[row] - 7];
        stream.update(times[row], sample, live);
        table.copy_row(row, row_of_table);
        REQUIRE(bits(live) == bits(row_of_table));
        if (row % 37 != 0) continue;
        Bytes saved; // as if the server had been killed
        stream.save(saved);
        stream = FeatureStream::make(specs, 2).value();
        REQUIRE(stream.restore(saved).has_value());
    }
}

TEST_CASE("rounding does not grow in a window that runs for long", "[ml][features]") {
    const std::vector<FeatureSpec> specs = {
        {FeatureKind::mean, 0, 50}, {FeatureKind::deviation, 0, 50}, {FeatureKind::slope, 0, 50}};
    FeatureStream stream = FeatureStream::make(specs, 1).value();
    ml::Random random(9);
    std::vector<double> all;
    std::array<double, 3> out{};
    for (int i = 0; i < 100'000; ++i) {
        // A spike now and then that would leave its rounding behind for ever.
        const double value = i % 997 == 0 ? 1e12 : 1e-3 * random.uniform();
        all.push_back(random.uniform() < 0.05 ? kNan : value);
        stream.update(kStartMs, std::array{all.back()}, out);
    }
    // Two windows' lengths after the last spike the sums are of this window's values only.
    for (int i = 0; i < 100; ++i) {
        all.push_back(1e-3 * random.uniform());
        stream.update(kStartMs, std::array{all.back()}, out);
    }
    const auto wanted = slow_mean_deviation_slope(std::span(all).last(50));
    for (std::size_t i = 0; i < 3; ++i) CHECK(out[i] == Approx(wanted[i]).epsilon(1e-9));
}

TEST_CASE("features that cannot be are refused with their place", "[ml][features]") {
    const auto reason = [](std::vector<FeatureSpec> specs) {
        const auto out = FeatureStream::make(std::move(specs), 2);
        return out ? std::string("made") : out.error().context;
    };
    CHECK(reason({}) == "0 features: must be from 1 to 4096");
    CHECK(reason({{FeatureKind::value, 0}, {FeatureKind::value, 2}}) == "feature 1: signal 2 of 2");
    CHECK(reason({{FeatureKind::ratio, 0, 0, 2}}) == "feature 0: signal 2 of 2");
    CHECK(reason({{FeatureKind::mean, 0, 10'000}}) == "made");
    CHECK(reason({{FeatureKind::lag, 0, 10'000}}) ==
          "feature 0: 10000 samples: must be at least 1, with all that are needed at most 10000");
    CHECK(reason({{FeatureKind::mean, 0, 0}}) ==
          "feature 0: 0 samples: must be at least 1, with all that are needed at most 10000");
    CHECK(ml::make_features({{FeatureKind::value}}, Table(2, 1), {}, {}).error().context ==
          "0 times and 0 groups for 2 rows");
}

TEST_CASE("a state of other features or a damaged one is refused and changes nothing",
          "[ml][features]") {
    FeatureStream stream = FeatureStream::make({{FeatureKind::min, 0, 3}}, 1).value();
    std::array<double, 1> out{};
    for (const double value : {4.0, 2.0, 3.0}) stream.update(kStartMs, std::array{value}, out);
    Bytes saved;
    stream.save(saved);
    FeatureStream other = FeatureStream::make({{FeatureKind::min, 0, 2}}, 1).value();
    CHECK(other.restore(saved).error().code == Errc::corrupt);
    for (std::size_t size = 0; size < saved.size(); ++size)
        CHECK(stream.restore(ByteView(saved).first(size)).error().code == Errc::corrupt);
    stream.update(kStartMs, std::array{9.0}, out);
    CHECK(out[0] == 2.0);
}
