#include <holdfast/ml/features/feature_stream.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr double kValueMax = 1e100; // what methods train on, as a RollingWindow
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kWeekday1970 = 3; // the first of January 1970 was a Thursday

bool is_calendar(FeatureKind kind) {
    return kind == FeatureKind::hour || kind == FeatureKind::weekday;
}

bool looks_back(FeatureKind kind) {
    return kind >= FeatureKind::lag && kind <= FeatureKind::slope;
}

// Samples that a feature's window holds; the value of 3 samples ago needs 4.
std::size_t window_samples(const FeatureSpec& spec) {
    const bool counts_back = spec.kind == FeatureKind::lag || spec.kind == FeatureKind::difference;
    return std::size_t{spec.samples} + (counts_back ? 1 : 0);
}

bool is_extreme(FeatureKind kind) {
    return kind == FeatureKind::min || kind == FeatureKind::max;
}

Result<void> check(const FeatureSpec& spec, std::size_t at, std::size_t signals) {
    const auto wrong = [at](std::string why) {
        return fail(Errc::malformed, fmt::format("feature {}: {}", at, why));
    };
    if (spec.kind > FeatureKind::weekday) return wrong("no such kind");
    if (!is_calendar(spec.kind) && spec.signal >= signals)
        return wrong(fmt::format("signal {} of {}", spec.signal, signals));
    const bool has_other = spec.kind == FeatureKind::ratio || spec.kind == FeatureKind::product;
    if (has_other && spec.other >= signals)
        return wrong(fmt::format("signal {} of {}", spec.other, signals));
    if (looks_back(spec.kind) && (spec.samples == 0 || window_samples(spec) > kWindowSamplesMax))
        return wrong(
            fmt::format("{} samples: must be at least 1, with all that are needed at most {}",
                        spec.samples, kWindowSamplesMax));
    return ok();
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

double usable_or_missing(double value) {
    return std::abs(value) <= kValueMax ? value : std::numeric_limits<double>::quiet_NaN();
}

double calendar(FeatureKind kind, std::int64_t event_ms) {
    const std::int64_t day = floor_div(event_ms, kDayMs);
    if (kind == FeatureKind::hour)
        return static_cast<double>(event_ms - day * kDayMs) / 3'600'000.0;
    const std::int64_t since_monday = day + kWeekday1970;
    return static_cast<double>(since_monday - 7 * floor_div(since_monday, 7));
}

} // namespace

FeatureStream::FeatureStream(std::vector<FeatureSpec> specs, std::size_t signals)
    : specs_(std::move(specs)), signals_(signals) {
    std::map<std::pair<std::uint32_t, std::size_t>, bool> wanted; // true: with extremes
    for (const FeatureSpec& spec : specs_)
        if (looks_back(spec.kind))
            wanted[{spec.signal, window_samples(spec)}] |= is_extreme(spec.kind);
    std::map<std::pair<std::uint32_t, std::size_t>, std::size_t> places;
    for (const auto& [window, has_extremes] : wanted) {
        places[window] = windows_.size();
        windows_.push_back({window.first, RollingWindow(window.second, has_extremes)});
    }
    for (const FeatureSpec& spec : specs_)
        window_of_.push_back(looks_back(spec.kind) ? places[{spec.signal, window_samples(spec)}]
                                                   : 0);
}

Result<FeatureStream> FeatureStream::make(std::vector<FeatureSpec> specs, std::size_t signals) {
    if (specs.empty() || specs.size() > kFeatureSpecsMax)
        return fail(Errc::malformed, fmt::format("{} features: must be from 1 to {}", specs.size(),
                                                 kFeatureSpecsMax));
    if (signals == 0 || signals > kFeatureSignalsMax)
        return fail(Errc::malformed,
                    fmt::format("{} signals: must be from 1 to {}", signals, kFeatureSignalsMax));
    for (std::size_t at = 0; at < specs.size(); ++at) {
        HF_TRY(check(specs[at], at, signals));
    }
    return FeatureStream(std::move(specs), signals);
}

double FeatureStream::feature(std::size_t at, std::int64_t event_ms,
                              std::span<const double> sample) const {
    const FeatureSpec& spec = specs_[at];
    if (is_calendar(spec.kind)) return calendar(spec.kind, event_ms);
    const double value = sample[spec.signal];
    switch (spec.kind) {
        case FeatureKind::value: return usable_or_missing(value);
        case FeatureKind::ratio: return usable_or_missing(value / sample[spec.other]);
        case FeatureKind::product: return usable_or_missing(value * sample[spec.other]);
        default: break;
    }
    const RollingWindow& window = windows_[window_of_[at]].samples;
    switch (spec.kind) {
        case FeatureKind::lag: return window.ago(spec.samples);
        case FeatureKind::difference: return usable_or_missing(value - window.ago(spec.samples));
        case FeatureKind::mean: return usable_or_missing(window.mean());
        case FeatureKind::deviation: return usable_or_missing(window.deviation());
        case FeatureKind::min: return window.min();
        case FeatureKind::max: return window.max();
        default: return usable_or_missing(window.slope());
    }
}

void FeatureStream::update(std::int64_t event_ms, std::span<const double> sample,
                           std::span<double> out) {
    assert(sample.size() == signals_ && out.size() == specs_.size());
    for (Window& window : windows_) window.samples.add(sample[window.signal]);
    for (std::size_t at = 0; at < out.size(); ++at) out[at] = feature(at, event_ms, sample);
}

void FeatureStream::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kVersion);
    writer.u32_be(static_cast<std::uint32_t>(windows_.size()));
    for (const Window& window : windows_) window.samples.save(out);
}

Result<void> FeatureStream::read(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint32_t windows, reader.u32_be());
    if (version != kVersion || windows != windows_.size())
        return fail(Errc::corrupt, "another version or number of windows");
    for (Window& window : windows_) {
        HF_TRY(window.samples.restore(reader));
    }
    return reader.empty() ? ok() : Result<void>(fail(Errc::corrupt, "bytes after the end"));
}

Result<void> FeatureStream::restore(ByteView bytes) {
    FeatureStream fresh(specs_, signals_);
    if (const auto read = fresh.read(bytes); !read)
        return fail(Errc::corrupt, "the state of features: " + read.error().context);
    *this = std::move(fresh);
    return ok();
}

Result<Table> make_features(const std::vector<FeatureSpec>& specs, const Table& signals,
                            std::span<const std::int64_t> times,
                            std::span<const std::size_t> groups) {
    if (times.size() != signals.rows() || groups.size() != signals.rows())
        return fail(Errc::malformed, fmt::format("{} times and {} groups for {} rows", times.size(),
                                                 groups.size(), signals.rows()));
    HF_TRY(const FeatureStream fresh, FeatureStream::make(specs, signals.columns()));
    std::map<std::size_t, FeatureStream> streams;
    Table out(signals.rows(), specs.size());
    std::vector<double> sample(signals.columns());
    std::vector<double> features(specs.size());
    for (std::size_t row = 0; row < signals.rows(); ++row) {
        signals.copy_row(row, sample);
        FeatureStream& stream = streams.try_emplace(groups[row], fresh).first->second;
        stream.update(times[row], sample, features);
        for (std::size_t at = 0; at < features.size(); ++at) out(row, at) = features[at];
    }
    return out;
}

} // namespace holdfast::ml
