#include <holdfast/ml/seasonal_range.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace holdfast::ml {
namespace {

constexpr std::int32_t kDayMinutes = 1440;
constexpr std::uint8_t kStateVersion = 2;
constexpr std::int64_t kDayMs = 86'400'000;
// Bands are kept as floats; a value beyond is no measurement and counts as missing.
constexpr double kValueMax = 1e37;

} // namespace

SeasonalRange::SeasonalRange(SeasonalRangeSettings settings) : settings_(settings) {
    buckets_.resize(first_bucket(kWidthsMinutes.size()));
}

// Buckets of the narrower widths stand first.
std::size_t SeasonalRange::first_bucket(std::size_t width) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < width; ++i)
        sum += static_cast<std::size_t>(kDayMinutes / kWidthsMinutes[i]);
    return sum;
}

// Lowest and highest value of earlier days in a bucket and the ones beside it: people and machines
// do not keep time to the minute.
SeasonalRange::Band SeasonalRange::band(std::size_t width, std::int32_t day,
                                        std::size_t bucket) const {
    const auto count = static_cast<std::size_t>(kDayMinutes / kWidthsMinutes[width]);
    const std::size_t reach = count > 1 ? 1 : 0;
    Band band;
    for (std::size_t i = 0; i <= 2 * reach; ++i) {
        const Bucket& at = buckets_[first_bucket(width) + (bucket + count + i - reach) % count];
        for (std::size_t age = 0; age < at.days; ++age) {
            const std::size_t entry = (at.newest + kDays - age) % kDays;
            if (age == 0 && at.day == day) continue; // today does not vouch for itself
            const double low = static_cast<double>(at.low[entry]);
            const double high = static_cast<double>(at.high[entry]);
            band.low = band.is_known ? std::min(band.low, low) : low;
            band.high = band.is_known ? std::max(band.high, high) : high;
            band.is_known = true;
        }
    }
    return band;
}

void SeasonalRange::learn(Bucket& bucket, std::int32_t day, double value) {
    const auto narrow = static_cast<float>(value);
    if (bucket.days == 0 || bucket.day != day) {
        bucket.newest = static_cast<std::uint8_t>((bucket.newest + 1U) % kDays);
        bucket.days = static_cast<std::uint8_t>(std::min<std::size_t>(bucket.days + 1U, kDays));
        bucket.day = day;
        bucket.low[bucket.newest] = bucket.high[bucket.newest] = narrow;
        return;
    }
    bucket.low[bucket.newest] = std::min(bucket.low[bucket.newest], narrow);
    bucket.high[bucket.newest] = std::max(bucket.high[bucket.newest], narrow);
}

// The range of all values so far. A signal that was constant has none: its first departure is
// measured by itself, so that it counts in full, unless it is less than a hundredth of the value,
// which is noise of a number or the last bit of a sensor.
double SeasonalRange::range_for(double value) const {
    constexpr double kLeastPart = 0.01;
    constexpr double kLeast = std::numeric_limits<float>::min(); // bands know nothing smaller
    const double range = global_high_ - global_low_;
    if (range >= kLeast) return range;
    return std::max({std::abs(value - global_low_), kLeastPart * std::abs(global_low_), kLeast});
}

// Mean over the widths of how far outside its band the value lies, in global ranges.
double SeasonalRange::owed(std::int32_t day, std::int32_t minute, double value) {
    const double range = range_for(value);
    double sum = 0.0;
    std::size_t known = 0;
    double worst = -1.0;
    worst_band_ = {};
    for (std::size_t width = 0; width < kWidthsMinutes.size(); ++width) {
        const auto bucket = static_cast<std::size_t>(minute / kWidthsMinutes[width]);
        const Band at = band(width, day, bucket);
        if (at.is_known && range > 0.0) {
            const double outside = std::max({at.low - value, value - at.high, 0.0}) / range;
            sum += std::max(outside - settings_.slack, 0.0);
            ++known;
            if (outside > worst) {
                worst = outside;
                worst_band_ = at;
                worst_width_ = width;
            }
        }
        learn(buckets_[first_bucket(width) + bucket], day, value);
    }
    return known == 0 ? 0.0 : sum / static_cast<double>(known);
}

Verdict SeasonalRange::update(std::int64_t event_ms, double value) {
    Verdict verdict;
    verdict.score = debt_ / (debt_ + settings_.debt_limit);
    if (!(std::abs(value) <= kValueMax)) return verdict; // NaN too
    if (samples_ == 0) {
        clock_.start(event_ms);
        global_low_ = global_high_ = value;
    }
    if (clock_.move(event_ms))
        silent_until_ms_ = std::min(silent_until_ms_, clock_.now_ms + settings_.silence_ms);
    ++samples_;
    last_minute_ = clock_.minute();
    last_value_ = value;

    // The range before this value: an outlier must not shrink itself.
    const double debt = owed(clock_.day(), last_minute_, value);
    global_low_ = std::min(global_low_, value);
    global_high_ = std::max(global_high_, value);

    verdict.is_warm = clock_.now_ms - clock_.first_ms >= settings_.warmup_ms &&
                      samples_ >= settings_.warmup_samples;
    const bool counts = verdict.is_warm && clock_.now_ms >= silent_until_ms_;
    debt_ = debt_ * settings_.debt_decay + (counts ? debt : 0.0);
    verdict.score = debt_ / (debt_ + settings_.debt_limit);
    if (verdict.is_warm) verdict.transition = decide(clock_.now_ms, verdict.score);
    return verdict;
}

Transition SeasonalRange::decide(std::int64_t event_ms, double score) {
    if (!alarmed_ && score >= settings_.threshold && event_ms >= silent_until_ms_) {
        alarmed_ = true;
        silent_until_ms_ = event_ms + settings_.silence_ms;
        return Transition::raised;
    }
    if (alarmed_ && score < settings_.threshold / 2.0) {
        alarmed_ = false;
        return Transition::cleared;
    }
    return Transition::none;
}

Explanation SeasonalRange::explain() const {
    Explanation out;
    out.value = last_value_;
    out.expected_low = worst_band_.low;
    out.expected_high = worst_band_.high;
    out.signals = {{worst_band_.low, worst_band_.high, 1.0}};
    const std::int32_t width = kWidthsMinutes[worst_width_];
    if (width == kDayMinutes) {
        out.context = "any time of the last days";
    } else {
        const std::int32_t from = last_minute_ / width * width;
        const std::int32_t to = (from + width) % kDayMinutes;
        out.context = fmt::format("earlier days about {:02}:{:02} to {:02}:{:02} UTC", from / 60,
                                  from % 60, to / 60, to % 60);
    }
    return out;
}

void SeasonalRange::save(Bytes& out) const {
    ByteWriter writer(out);
    const auto number = [&](double value) { writer.u64_be(std::bit_cast<std::uint64_t>(value)); };
    writer.u8(kStateVersion);
    for (const std::int64_t time : {clock_.first_ms, clock_.now_ms, silent_until_ms_})
        writer.u64_be(static_cast<std::uint64_t>(time));
    writer.u64_be(samples_);
    for (const double value : {global_low_, global_high_, debt_}) number(value);
    writer.u8(alarmed_ ? 1 : 0);
    writer.u8(clock_.behind);
    for (const Bucket& bucket : buckets_) {
        writer.u8(bucket.days);
        if (bucket.days == 0) continue;
        writer.u32_be(static_cast<std::uint32_t>(bucket.day));
        for (std::size_t age = 0; age < bucket.days; ++age) {
            const std::size_t entry = (bucket.newest + kDays - age) % kDays;
            writer.u32_be(std::bit_cast<std::uint32_t>(bucket.low[entry]));
            writer.u32_be(std::bit_cast<std::uint32_t>(bucket.high[entry]));
        }
    }
}

Result<void> SeasonalRange::restore(ByteView bytes) {
    SeasonalRange read(settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of a seasonal range detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector. Every number is looked at: what save() never writes must not come in.
Result<void> SeasonalRange::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    const auto wrong = [] { return fail(Errc::corrupt, "a value that is never saved"); };
    HF_TRY(const std::uint8_t version, reader.u8());
    if (version != kStateVersion) return wrong();
    for (std::int64_t* time : {&clock_.first_ms, &clock_.now_ms, &silent_until_ms_}) {
        HF_TRY(const std::uint64_t value, reader.u64_be());
        *time = static_cast<std::int64_t>(value);
        if (*time < EventClock::kMinMs || *time > EventClock::kMaxMs + settings_.silence_ms)
            return wrong();
    }
    HF_TRY(samples_, reader.u64_be());
    for (double* number : {&global_low_, &global_high_, &debt_}) {
        HF_TRY(const std::uint64_t value, reader.u64_be());
        *number = std::bit_cast<double>(value);
        if (!std::isfinite(*number)) return wrong();
    }
    if (global_low_ > global_high_ || global_low_ < -kValueMax || global_high_ > kValueMax ||
        debt_ < 0.0)
        return wrong();
    HF_TRY(const std::uint8_t alarmed, reader.u8());
    HF_TRY(clock_.behind, reader.u8());
    if (alarmed > 1 || !clock_.is_sound()) return wrong();
    alarmed_ = alarmed != 0;
    for (Bucket& bucket : buckets_) {
        HF_TRY(read_bucket(reader, bucket));
    }
    return reader.empty() ? ok() : Result<void>(wrong());
}

Result<void> SeasonalRange::read_bucket(ByteReader& reader, Bucket& bucket) {
    const auto wrong = [] { return fail(Errc::corrupt, "a band that is never saved"); };
    HF_TRY(bucket.days, reader.u8());
    if (bucket.days > kDays) return wrong();
    if (bucket.days == 0) return ok();
    HF_TRY(const std::uint32_t day, reader.u32_be());
    bucket.day = static_cast<std::int32_t>(day);
    if (bucket.day < EventClock::kMinMs / kDayMs || bucket.day > EventClock::kMaxMs / kDayMs)
        return wrong();
    for (std::size_t age = 0; age < bucket.days; ++age) {
        const std::size_t entry = (bucket.newest + kDays - age) % kDays;
        HF_TRY(const std::uint32_t low, reader.u32_be());
        HF_TRY(const std::uint32_t high, reader.u32_be());
        bucket.low[entry] = std::bit_cast<float>(low);
        bucket.high[entry] = std::bit_cast<float>(high);
        const auto limit = static_cast<float>(kValueMax);
        if (!(-limit <= bucket.low[entry] && bucket.low[entry] <= bucket.high[entry] &&
              bucket.high[entry] <= limit))
            return wrong();
    }
    return ok();
}

} // namespace holdfast::ml
