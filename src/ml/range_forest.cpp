#include <holdfast/ml/range_forest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr std::int32_t kDayMinutes = 1440;
// Bands are kept as floats; a value beyond is no measurement and counts as missing.
constexpr double kValueMax = 1e37;
// A range narrower than this part of its values is rounding (a float has 24 bits, 6e-8), no signal.
constexpr double kRangeLeast = 1e-5;
// A first departure from a constant is measured by this part of the constant at least.
constexpr double kConstantPart = 0.01;
// More than half a range outside is not more certain, and no context may outvote all others.
constexpr double kOutsideMax = 0.5;
constexpr std::uint8_t kDaysNeeded = 2; // one day may have been the odd one
constexpr std::uint8_t kDaysMax = 100;  // counted; no more is asked
constexpr double kBandForget = 0.01;    // a day: what happened once is half gone after 70 days
constexpr double kRangeForget = 1e-4;   // in kForgetMs or a sample, whichever is less
constexpr double kForgetMs = 300'000.0;
constexpr double kAlarmDecay = 1.0 / 3000.0; // a sample; ten days of 5 minutes
constexpr double kSilentShare = 1e-3;
constexpr std::size_t kNoContext = 4; // the range of all values

} // namespace

// Of earlier days in a bin; of the finest context also in the bins beside it, since people and
// machines do not keep time to the hour.
RangeForest::Band RangeForest::band(std::size_t context, std::size_t first, std::int32_t bin,
                                    std::int32_t day) const {
    const std::int32_t count = kContextBins[context];
    const std::int32_t reach = context + 1 == kContextBins.size() ? 1 : 0;
    Band band;
    bool is_known = false;
    const auto add = [&](float low, float high) {
        band.low = is_known ? std::min<double>(band.low, low) : low;
        band.high = is_known ? std::max<double>(band.high, high) : high;
        is_known = true;
    };
    for (std::int32_t i = -reach; i <= reach; ++i) {
        const Bin& at = bins_[first + static_cast<std::size_t>((bin + i + count) % count)];
        const bool is_today = at.days > 0 && at.day == day;
        if (at.days > 1) add(at.low, at.high);
        if (at.days > 0 && !is_today) add(at.today_low, at.today_high);
        if (i == 0) band.days = static_cast<std::uint8_t>(at.days - (is_today ? 1 : 0));
    }
    return band;
}

void RangeForest::learn(Bin& bin, std::int32_t day, double value) {
    const auto narrow = static_cast<float>(value);
    if (bin.days > 0 && bin.day == day) {
        bin.today_low = std::min(bin.today_low, narrow);
        bin.today_high = std::max(bin.today_high, narrow);
        return;
    }
    if (bin.days == 1) {
        bin.low = bin.today_low;
        bin.high = bin.today_high;
    } else if (bin.days > 1) {
        const float shrink = static_cast<float>(kBandForget) * (bin.high / 2 - bin.low / 2);
        bin.low = std::min(bin.low + shrink, bin.today_low);
        bin.high = std::max(bin.high - shrink, bin.today_high);
    }
    bin.days = static_cast<std::uint8_t>(std::min<int>(bin.days + 1, kDaysMax));
    bin.day = day;
    bin.today_low = bin.today_high = narrow;
}

// Distance from a band over the range of all values. A signal that was constant has no range: its
// first departure is measured by itself, so that it counts in full unless it is tiny.
double RangeForest::outside(double low, double high, double value) const {
    const double distance = std::max({low - value, value - high, 0.0});
    if (distance == 0.0) return 0.0;
    const double size = std::max(std::abs(low_), std::abs(high_));
    const double range = high_ > low_ ? std::max(high_ - low_, kRangeLeast * size)
                                      : std::max(distance, kConstantPart * size);
    return std::min(distance / range, kOutsideMax);
}

double RangeForest::evidence(double value) {
    const double from_all = outside(low_, high_, value);
    const double rounded = static_cast<float>(value); // as the bands are
    worst_ = {low_, high_, 0};
    worst_context_ = kNoContext;
    worst_minute_ = clock_.minute();
    double worst = -1.0;
    double sum = 0.0;
    std::size_t first = 0;
    for (std::size_t context = 0; context < kContextBins.size(); ++context) {
        const std::int32_t bin = worst_minute_ * kContextBins[context] / kDayMinutes;
        const Band at = band(context, first, bin, clock_.day());
        if (at.days < kDaysNeeded) {
            sum += from_all;
        } else {
            const double off = outside(at.low, at.high, rounded);
            sum += off;
            if (off >= worst) { // of equals the finest: it says most
                worst = off;
                worst_ = at;
                worst_context_ = context;
            }
        }
        first += static_cast<std::size_t>(kContextBins[context]);
    }
    return sum;
}

void RangeForest::learn_range(double value, std::int64_t elapsed_ms) {
    // By time where samples come fast, so that a night does not make a fast signal forget its day.
    const double part =
        kRangeForget * std::clamp(static_cast<double>(elapsed_ms) / kForgetMs, 0.0, 1.0);
    const double shrink = part * (high_ / 2 - low_ / 2);
    low_ = std::min(low_ + shrink, value);
    high_ = std::max(high_ - shrink, value);
}

Verdict RangeForest::update(std::int64_t event_ms, double value) {
    Verdict verdict;
    verdict.score = score_;
    if (!(std::abs(value) <= kValueMax)) return verdict; // NaN too
    if (samples_ == 0) {
        clock_.start(event_ms);
        low_ = high_ = value;
    }
    const std::int64_t before_ms = clock_.now_ms;
    clock_.move(event_ms);
    ++samples_;
    value_ = value;
    double sum = evidence(value); // by what was known before: an outlier must not shrink itself

    const double width = high_ - low_;
    const double learnt =
        width > 0.0 ? std::clamp(value, low_ - width, high_ + width) : value; // a glitch
    std::size_t first = 0;
    for (const std::int32_t count : kContextBins) {
        const auto bin = static_cast<std::size_t>(clock_.minute() * count / kDayMinutes);
        learn(bins_[first + bin], clock_.day(), learnt);
        first += static_cast<std::size_t>(count);
    }
    learn_range(learnt, clock_.now_ms - before_ms);

    verdict.is_warm = samples_ > settings_.warmup_samples &&
                      clock_.now_ms - clock_.first_ms >= settings_.warmup_ms;
    if (!verdict.is_warm) return verdict;
    sum /= 1.0 + settings_.habituation * alarms_;
    alarms_ -= kAlarmDecay * alarms_;
    const double shown = silent_ > 0 ? kSilentShare * sum : sum;
    verdict.score = score_ = shown / (shown + settings_.limit);
    verdict.transition = decide(score_, sum / (sum + settings_.limit));
    return verdict;
}

// `shown` raises; what clears is the score as it would be without silence.
Transition RangeForest::decide(double shown, double score) {
    const bool is_silent = silent_ > 0;
    if (is_silent) --silent_;
    if (!is_silent && shown >= settings_.threshold) {
        // What lasts counts again after each silence, though the alarm is raised only once.
        alarms_ += 1.0;
        silent_ = settings_.silence_samples;
        if (alarmed_) return Transition::none;
        alarmed_ = true;
        return Transition::raised;
    }
    if (alarmed_ && score < settings_.threshold / 2.0) {
        alarmed_ = false;
        return Transition::cleared;
    }
    return Transition::none;
}

Explanation RangeForest::explain() const {
    Explanation out;
    out.value = value_;
    out.expected_low = worst_.low;
    out.expected_high = worst_.high;
    out.signals = {{worst_.low, worst_.high, 1.0}};
    if (worst_context_ == kNoContext) {
        out.context = "all values so far";
        return out;
    }
    const std::int32_t width = kDayMinutes / kContextBins[worst_context_];
    const std::int32_t from = worst_minute_ / width * width;
    out.context = fmt::format("earlier days{} {:02}:00 to {:02}:00 UTC",
                              worst_context_ + 1 == kContextBins.size() ? " about" : ", ",
                              from / 60, (from + width) % kDayMinutes / 60);
    return out;
}

void RangeForest::save(Bytes& out) const {
    ByteWriter writer(out);
    const auto real = [&](float value) { writer.u32_be(std::bit_cast<std::uint32_t>(value)); };
    writer.u8(kStateVersion);
    writer.u64_be(static_cast<std::uint64_t>(clock_.first_ms));
    writer.u64_be(static_cast<std::uint64_t>(clock_.now_ms));
    writer.u8(clock_.behind);
    writer.u64_be(samples_);
    for (const double value : {low_, high_, alarms_, score_})
        writer.u64_be(std::bit_cast<std::uint64_t>(value));
    writer.u32_be(silent_);
    writer.u8(alarmed_ ? 1 : 0);
    for (const Bin& bin : bins_) {
        writer.u8(bin.days);
        if (bin.days == 0) continue;
        writer.u32_be(static_cast<std::uint32_t>(bin.day));
        for (const float value : {bin.today_low, bin.today_high}) real(value);
        if (bin.days == 1) continue;
        for (const float value : {bin.low, bin.high}) real(value);
    }
}

Result<void> RangeForest::restore(ByteView bytes) {
    RangeForest read(settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of a range forest detector");
    *this = read;
    return ok();
}

// Into a fresh detector. Every number is looked at: what save() never writes must not come in.
Result<void> RangeForest::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    const auto wrong = [] { return fail(Errc::corrupt, "a value that is never saved"); };
    HF_TRY(const std::uint8_t version, reader.u8());
    if (version != kStateVersion) return wrong();
    HF_TRY(const std::uint64_t first_ms, reader.u64_be());
    HF_TRY(const std::uint64_t now_ms, reader.u64_be());
    HF_TRY(clock_.behind, reader.u8());
    clock_.first_ms = static_cast<std::int64_t>(first_ms);
    clock_.now_ms = static_cast<std::int64_t>(now_ms);
    if (!clock_.is_sound()) return wrong();
    HF_TRY(samples_, reader.u64_be());
    for (double* number : {&low_, &high_, &alarms_, &score_}) {
        HF_TRY(const std::uint64_t bits, reader.u64_be());
        *number = std::bit_cast<double>(bits);
        if (!std::isfinite(*number)) return wrong();
    }
    const bool is_range = -kValueMax <= low_ && low_ <= high_ && high_ <= kValueMax;
    // The count never passes what one alarm a sample would make of it.
    if (!is_range || alarms_ < 0.0 || alarms_ > 1.0 / kAlarmDecay || score_ < 0.0 || score_ > 1.0)
        return wrong();
    HF_TRY(silent_, reader.u32_be());
    HF_TRY(const std::uint8_t alarmed, reader.u8());
    if (alarmed > 1) return wrong();
    alarmed_ = alarmed != 0;
    // A model whose silence was made shorter keeps to the new one.
    silent_ = std::min(silent_, settings_.silence_samples);
    for (Bin& bin : bins_) {
        HF_TRY(read_bin(reader, bin));
    }
    return reader.empty() ? ok() : Result<void>(wrong());
}

Result<void> RangeForest::read_bin(ByteReader& reader, Bin& bin) {
    const auto wrong = [] { return fail(Errc::corrupt, "a band that is never saved"); };
    HF_TRY(bin.days, reader.u8());
    if (bin.days > kDaysMax) return wrong();
    if (bin.days == 0) return ok();
    HF_TRY(const std::uint32_t day, reader.u32_be());
    bin.day = static_cast<std::int32_t>(day);
    const EventClock time{bin.day * 86'400'000LL, bin.day * 86'400'000LL, 0};
    if (!time.is_sound()) return wrong();
    const auto range = [&](float& low, float& high) -> Result<void> {
        HF_TRY(const std::uint32_t low_bits, reader.u32_be());
        HF_TRY(const std::uint32_t high_bits, reader.u32_be());
        low = std::bit_cast<float>(low_bits);
        high = std::bit_cast<float>(high_bits);
        const auto limit = static_cast<float>(kValueMax);
        return -limit <= low && low <= high && high <= limit ? ok() : Result<void>(wrong());
    };
    HF_TRY(range(bin.today_low, bin.today_high));
    if (bin.days == 1) return ok();
    return range(bin.low, bin.high);
}

} // namespace holdfast::ml
