#include <holdfast/pipeline/cleansing.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace holdfast::pipeline {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

} // namespace

Cleansing::Cleansing(const CleansingSettings& settings)
    : settings_(settings), means_(settings.limits.size()), last_(settings.limits.size(), kNone) {}

double Cleansing::limited(std::size_t signal, double value) const {
    if (!std::isfinite(value)) return kNone;
    const Limits& limits = settings_.limits[signal];
    if (value >= limits.min && value <= limits.max) return value;
    return settings_.is_clipped ? std::clamp(value, limits.min, limits.max) : kNone;
}

std::optional<std::int64_t> Cleansing::step(std::int64_t event_ms, std::span<double> values) {
    const std::int64_t now = event_ms / settings_.step_ms;
    const bool is_done = step_ && now > *step_;
    const std::int64_t done_ms = newest_ms_;
    for (std::size_t i = 0; i < values.size(); ++i) {
        Mean& mean = means_[i];
        const double came = values[i];
        if (is_done) {
            values[i] = mean.count > 0 ? mean.sum / mean.count : kNone;
            mean = Mean{};
        }
        if (std::isnan(came)) continue;
        mean.sum += came;
        mean.count += 1;
    }
    newest_ms_ = is_done || !step_ ? event_ms : std::max(newest_ms_, event_ms);
    if (is_done || !step_) step_ = now;
    return is_done ? std::optional(done_ms) : std::nullopt;
}

bool Cleansing::fill(std::span<double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) {
            if (settings_.missing == Missing::drop) return false;
            if (settings_.missing == Missing::last) values[i] = last_[i];
        } else {
            last_[i] = values[i];
        }
    }
    return true;
}

std::optional<std::int64_t> Cleansing::update(std::int64_t event_ms, std::span<const double> sample,
                                              std::span<double> out) {
    assert(sample.size() == means_.size() && out.size() == means_.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = limited(i, sample[i]);
    std::optional<std::int64_t> time = event_ms;
    if (settings_.step_ms > 0) time = step(event_ms, out);
    if (!time || !fill(out)) return std::nullopt;
    return time;
}

void Cleansing::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kVersion);
    writer.u8(step_ ? 1 : 0);
    writer.u64_be(static_cast<std::uint64_t>(step_.value_or(0)));
    writer.u64_be(static_cast<std::uint64_t>(newest_ms_));
    for (std::size_t i = 0; i < means_.size(); ++i)
        for (const double value : {last_[i], means_[i].sum, means_[i].count})
            writer.u64_be(std::bit_cast<std::uint64_t>(value));
}

Result<void> Cleansing::restore(ByteReader& reader) {
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t has_step, reader.u8());
    HF_TRY(const std::uint64_t step, reader.u64_be());
    HF_TRY(const std::uint64_t newest_ms, reader.u64_be());
    if (version != kVersion || has_step > 1)
        return fail(Errc::corrupt, "the state of a cleansing is damaged");
    step_ = has_step == 1 ? std::optional(static_cast<std::int64_t>(step)) : std::nullopt;
    newest_ms_ = static_cast<std::int64_t>(newest_ms);
    for (std::size_t i = 0; i < means_.size(); ++i)
        for (double* value : {&last_[i], &means_[i].sum, &means_[i].count}) {
            HF_TRY(const std::uint64_t bits, reader.u64_be());
            *value = std::bit_cast<double>(bits);
        }
    return ok();
}

} // namespace holdfast::pipeline
