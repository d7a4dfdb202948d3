#include <load/wear/machine.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holdfast::load {
namespace {

constexpr double kHoursPerDay = 24;
constexpr double kLoadMean = 0.65;
// The mean of load squared, of a load that swings by 0.2 a day: 0.65^2 + 0.2^2 / 2 and some noise.
constexpr double kLoadSquaredMean = 0.45;

bool is_name(std::string_view name) {
    constexpr std::size_t kBytesMax = 64;
    const auto may_stand = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= kBytesMax && std::ranges::all_of(name, may_stand);
}

} // namespace

Result<void> check_plan(const WearPlan& plan) {
    if (!is_name(plan.name)) {
        return fail(
            Errc::malformed,
            fmt::format("--name '{}': 1 to 64 of a-z, 0-9, _ and - are expected", plan.name));
    }
    if (plan.lives == 0 && !plan.has_life_ahead) {
        return fail(Errc::malformed, "--lives 0 without --under-way: there is nothing to send");
    }
    return ok();
}

Machine::Machine(const WearPlan& plan, std::size_t number)
    : id_(fmt::format("{}-{:02}", plan.name, number + 1)),
      topic_(fmt::format("{}/{}/state", plan.name, id_)),
      life_samples_(static_cast<double>(plan.life_samples)),
      noise_(plan.seed + 3'000'017 * (number + 1)),
      lives_left_(plan.lives),
      has_life_ahead_(plan.has_life_ahead) {
    phase_ = noise_.uniform(0, 2 * std::numbers::pi);
    warmer_ = noise_.uniform(-2, 2);
    rougher_ = noise_.uniform(-0.1, 0.1);
    begin_life();
}

void Machine::begin_life() {
    wear_ = 0;
    // The best parts last nearly twice as long as the worst.
    wear_rate_ = 1 / (life_samples_ * noise_.uniform(0.7, 1.3));
    wear_max_ = lives_left_ > 0 ? 1 : noise_.uniform(0.1, 0.9);
}

double Machine::next_load() {
    mood_ = 0.9 * mood_ + 0.03 * noise_.gauss();
    const double day = std::sin(2 * std::numbers::pi * hour_ / kHoursPerDay + phase_);
    return std::clamp(kLoadMean + 0.2 * day + mood_, 0.1, 1.0);
}

std::optional<WearSample> Machine::next() {
    if (lives_left_ == 0 && (!has_life_ahead_ || wear_ >= wear_max_)) return std::nullopt;
    hour_ += 1;
    WearSample out;
    out.load = next_load();
    wear_ += wear_rate_ * out.load * out.load / kLoadSquaredMean * noise_.uniform(0.5, 1.5);
    // Wear shows late: half way through a life a quarter of it does.
    const double shown = wear_ * wear_;
    out.temperature = 38 + warmer_ + 16 * out.load + 18 * shown + 0.8 * noise_.gauss();
    out.vibration = 1 + rougher_ + 0.8 * out.load + 2.5 * shown + 0.1 * noise_.gauss();
    out.current = 5 + 6 * out.load + 1.5 * wear_ + 0.15 * noise_.gauss();
    out.is_failed = lives_left_ > 0 && wear_ >= wear_max_;
    if (out.is_failed) {
        --lives_left_;
        begin_life();
    }
    return out;
}

std::size_t Machine::samples_left() const {
    Machine ahead = *this;
    std::size_t count = 0;
    while (ahead.next()) ++count;
    return count;
}

std::string to_json(const WearSample& sample, std::int64_t ts_ms) {
    return fmt::format(
        R"({{"ts":{},"load":{:.3f},"temperature":{:.2f},"vibration":{:.3f},"current":{:.3f},)"
        R"("failed":{}}})",
        ts_ms, sample.load, sample.temperature, sample.vibration, sample.current,
        sample.is_failed ? 1 : 0);
}

} // namespace holdfast::load
