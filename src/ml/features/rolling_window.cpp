#include <holdfast/ml/features/rolling_window.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace holdfast::ml {
namespace {

// No sensor gives more; beyond, squares overflow and sums would not read back.
constexpr double kValueMax = 1e100;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Error never_saved() {
    return fail(Errc::corrupt, "a rolling window: a value that is never saved");
}

} // namespace

RollingWindow::RollingWindow(std::size_t samples, bool has_extremes)
    : values_(samples, kNan), has_extremes_(has_extremes) {
    assert(samples >= 1 && samples <= kWindowSamplesMax);
}

std::size_t RollingWindow::place(std::size_t from_oldest) const {
    return (next_ + values_.size() - held_ + from_oldest) % values_.size();
}

double RollingWindow::ago(std::size_t count) const {
    assert(count < values_.size());
    return count < held_ ? values_[place(held_ - 1 - count)] : kNan;
}

void RollingWindow::add_to_sums(double value, double position) {
    if (std::isnan(value)) return;
    const double centred = value - centre_;
    sums_.count += 1.0;
    sums_.positions += position;
    sums_.squared_positions += position * position;
    sums_.values += centred;
    sums_.squares += centred * centred;
    sums_.products += position * centred;
}

// The oldest leaves and every other one's position falls by one.
void RollingWindow::drop_oldest() {
    const double oldest = values_[place(0)];
    if (!std::isnan(oldest)) {
        const double centred = oldest - centre_;
        sums_.count -= 1.0;
        sums_.values -= centred;
        sums_.squares -= centred * centred;
    }
    sums_.squared_positions += sums_.count - 2.0 * sums_.positions;
    sums_.positions -= sums_.count;
    sums_.products -= sums_.values;
    --held_;
}

void RollingWindow::sum_anew() {
    double count = 0.0;
    double total = 0.0;
    for (std::size_t i = 0; i < held_; ++i) {
        const double value = values_[place(i)];
        if (std::isnan(value)) continue;
        count += 1.0;
        total += value / static_cast<double>(held_); // divided first: large values do not overflow
    }
    centre_ = count > 0.0 ? total * (static_cast<double>(held_) / count) : 0.0;
    sums_ = {};
    for (std::size_t i = 0; i < held_; ++i) add_to_sums(values_[place(i)], static_cast<double>(i));
}

// Candidates for the minimum rise from the first, those for the maximum fall: who is older and no
// better never counts again.
void RollingWindow::keep_extremes(double value) {
    const std::uint64_t gone = added_ - std::min<std::uint64_t>(added_, values_.size());
    while (!lowest_.empty() && lowest_.front().first < gone) lowest_.pop_front();
    while (!highest_.empty() && highest_.front().first < gone) highest_.pop_front();
    if (std::isnan(value)) return;
    while (!lowest_.empty() && lowest_.back().second >= value) lowest_.pop_back();
    while (!highest_.empty() && highest_.back().second <= value) highest_.pop_back();
    lowest_.emplace_back(added_ - 1, value);
    highest_.emplace_back(added_ - 1, value);
}

void RollingWindow::add(double value) {
    if (!(std::abs(value) <= kValueMax)) value = kNan;
    if (held_ == values_.size()) drop_oldest();
    values_[next_] = value;
    next_ = next_ + 1 == values_.size() ? 0 : next_ + 1;
    ++held_;
    ++added_;
    if (next_ == 0 || sums_.count == 0.0)
        sum_anew();
    else
        add_to_sums(value, static_cast<double>(held_ - 1));
    if (has_extremes_) keep_extremes(value);
}

double RollingWindow::mean() const {
    return sums_.count > 0.0 ? centre_ + sums_.values / sums_.count : kNan;
}

double RollingWindow::deviation() const {
    if (sums_.count < 2.0) return kNan;
    const double squares = sums_.squares - sums_.values * sums_.values / sums_.count;
    return std::sqrt(std::max(squares, 0.0) / (sums_.count - 1.0));
}

double RollingWindow::slope() const {
    if (sums_.count < 2.0) return kNan;
    const double n = sums_.count;
    return (n * sums_.products - sums_.positions * sums_.values) /
           (n * sums_.squared_positions - sums_.positions * sums_.positions);
}

double RollingWindow::min() const {
    assert(has_extremes_);
    return lowest_.empty() ? kNan : lowest_.front().second;
}

double RollingWindow::max() const {
    assert(has_extremes_);
    return highest_.empty() ? kNan : highest_.front().second;
}

void RollingWindow::save(Bytes& out) const {
    ByteWriter writer(out);
    const auto number = [&](double value) { writer.u64_be(std::bit_cast<std::uint64_t>(value)); };
    writer.u32_be(static_cast<std::uint32_t>(next_));
    writer.u32_be(static_cast<std::uint32_t>(held_));
    number(centre_);
    number(sums_.values);
    number(sums_.squares);
    number(sums_.products);
    for (std::size_t i = 0; i < held_; ++i) number(values_[place(i)]);
}

// Positions and counts are whole numbers and follow from the samples; the other sums carry the
// rounding of how they were made and are read.
Result<void> RollingWindow::read(ByteReader& reader) {
    const auto number = [&](double& out) -> Result<void> {
        HF_TRY(const std::uint64_t bits, reader.u64_be());
        out = std::bit_cast<double>(bits);
        return std::isfinite(out) ? ok() : Result<void>(never_saved());
    };
    HF_TRY(const std::uint32_t next, reader.u32_be());
    HF_TRY(const std::uint32_t held, reader.u32_be());
    if (next >= values_.size() || held > values_.size()) return never_saved();
    Sums saved;
    HF_TRY(number(centre_));
    HF_TRY(number(saved.values));
    HF_TRY(number(saved.squares));
    HF_TRY(number(saved.products));
    next_ = next;
    held_ = held;
    for (std::size_t i = 0; i < held_; ++i) {
        HF_TRY(const std::uint64_t bits, reader.u64_be());
        const double value = std::bit_cast<double>(bits);
        if (std::abs(value) > kValueMax) return never_saved();
        values_[place(i)] = value;
        add_to_sums(value, static_cast<double>(i));
        ++added_;
        if (has_extremes_) keep_extremes(value);
    }
    sums_.values = saved.values;
    sums_.squares = saved.squares;
    sums_.products = saved.products;
    return ok();
}

Result<void> RollingWindow::restore(ByteReader& reader) {
    RollingWindow read(values_.size(), has_extremes_);
    if (!read.read(reader)) return never_saved();
    *this = std::move(read);
    return ok();
}

} // namespace holdfast::ml
