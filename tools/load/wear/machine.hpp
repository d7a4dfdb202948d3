#pragma once

#include <holdfast/base/result.hpp>
#include <load/simulate/noise.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::load {

struct WearPlan {
    std::string name = "pump";      // devices are pump-01, pump-02 ...
    std::size_t lives = 4;          // that end, of each machine
    std::size_t life_samples = 120; // of a life, about
    bool has_life_ahead = false;    // one life more, which has not ended
    std::uint64_t seed = 1;
};

// malformed: a name that is not 1 to 64 of a-z, 0-9, _ and -; no life at all.
[[nodiscard]] Result<void> check_plan(const WearPlan& plan);

// What a machine says of one hour.
struct WearSample {
    double load = 0;        // of what it can do, [0, 1]
    double temperature = 0; // degrees Celsius
    double vibration = 0;   // mm/s
    double current = 0;     // A
    bool is_failed = false; // this was the last hour of a life
};

// A machine that wears by what it does, fails where it is worn out, and begins a new life then.
// Wear shows in every signal, but so do load, noise and what is peculiar to the machine. A value:
// a copy lives the same lives. The same plan and number give the same samples.
class Machine {
public:
    Machine(const WearPlan& plan, std::size_t number);

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
    // Nothing once all its lives are over. Cost: tens of nanoseconds.
    [[nodiscard]] std::optional<WearSample> next();
    // How many samples are left, by a copy that lives them.
    [[nodiscard]] std::size_t samples_left() const;

private:
    void begin_life();
    [[nodiscard]] double next_load();

    std::string id_;
    std::string topic_;
    double life_samples_;
    Noise noise_;
    std::size_t lives_left_; // that end
    bool has_life_ahead_;
    double phase_ = 0;     // of its day, radians
    double warmer_ = 0;    // degrees, than others
    double rougher_ = 0;   // mm/s, than others
    double hour_ = 0;      // since it was made
    double mood_ = 0;      // of its load: what yesterday's orders still do
    double wear_ = 0;      // 0 as new; fails at 1
    double wear_rate_ = 0; // a sample, at an average load
    double wear_max_ = 1;  // where the life is left: 1 where it ends
};

// One JSON object with "ts" first; `failed` is 1 or 0.
[[nodiscard]] std::string to_json(const WearSample& sample, std::int64_t ts_ms);

} // namespace holdfast::load
