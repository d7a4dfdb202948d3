#include <load/mqtt_feed.hpp>
#include <load/stop_signal.hpp>
#include <load/wear/wear.hpp>

#include <holdfast/base/clock.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

namespace holdfast::load {
namespace {

constexpr std::uint64_t kTurnNs = 100'000'000;
// A payload's `ts` before it is no event time to Holdfast: devices often call an uptime so.
constexpr double kYear2000Ms = 946'684'800'000;

class WearRun {
public:
    explicit WearRun(const WearOptions& options) : options_(options) {}

    Result<int> run();

private:
    struct Unit {
        Machine machine;
        std::size_t samples_left;
        std::unique_ptr<MqttFeed> feed;
    };

    Result<void> plan_lives();
    Result<void> connect_all();
    [[nodiscard]] bool going() const { return !stop_requested() && loop_.failures() == 0; }
    void send(Unit& unit);
    void send_lives();
    void drain();
    [[nodiscard]] Result<int> summarise() const;

    WearOptions options_;
    Loop loop_;
    SystemClock clock_;
    std::vector<Unit> units_;
    std::int64_t end_ms_ = 0;
    std::uint64_t start_ns_ = 0;
    std::uint64_t produced_ = 0;
    std::uint64_t failures_ = 0; // lives that ended
};

Result<void> WearRun::plan_lives() {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < options_.devices; ++i) {
        Machine machine(options_.plan, i);
        const std::size_t samples = machine.samples_left();
        longest = std::max(longest, samples);
        units_.push_back({std::move(machine), samples, nullptr});
    }
    end_ms_ = clock_.now_ms();
    const double lasts_ms = static_cast<double>(longest) * options_.step_s * 1000;
    if (static_cast<double>(end_ms_) - lasts_ms > kYear2000Ms) return ok();
    return fail(Errc::limit_exceeded,
                fmt::format("{} samples {:.0f} s apart would begin before 2000: take a smaller "
                            "--step, or fewer --lives",
                            longest, options_.step_s));
}

Result<void> WearRun::connect_all() {
    for (Unit& unit : units_) {
        HF_TRY(const Session session,
               dial_mqtt(options_.endpoint, options_.version, unit.machine.id()));
        unit.feed = std::make_unique<MqttFeed>(
            session.socket, options_.version,
            std::min<std::size_t>(options_.in_flight_max, session.receive_maximum));
        loop_.add(*unit.feed);
    }
    return ok();
}

void WearRun::send(Unit& unit) {
    while (going() && unit.feed->full()) loop_.turn(kTurnNs);
    if (!going()) return;
    const auto sample = unit.machine.next();
    --unit.samples_left;
    const double ago_ms = static_cast<double>(unit.samples_left) * options_.step_s * 1000;
    const std::string payload = to_json(*sample, end_ms_ - std::llround(ago_ms));
    if (!unit.feed->publish(unit.machine.topic(), payload)) return;
    ++produced_;
    if (sample->is_failed) ++failures_;
}

// One step of event time after the other: whoever has the most to say begins.
void WearRun::send_lives() {
    std::size_t steps = 0;
    for (const Unit& unit : units_) steps = std::max(steps, unit.samples_left);
    for (; steps > 0 && going(); --steps) {
        for (Unit& unit : units_)
            if (unit.samples_left == steps) send(unit);
        loop_.turn(0);
    }
}

void WearRun::drain() {
    constexpr std::uint64_t kPatienceNs = 10'000'000'000;
    const std::uint64_t give_up_ns = monotonic_ns() + kPatienceNs;
    const auto is_unanswered = [](const Unit& unit) { return unit.feed->in_flight() > 0; };
    while (std::ranges::any_of(units_, is_unanswered) && loop_.failures() == 0 &&
           monotonic_ns() < give_up_ns) {
        loop_.turn(kTurnNs / 10);
    }
}

Result<int> WearRun::summarise() const {
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;
    for (const Unit& unit : units_) {
        acknowledged += unit.feed->acked() - unit.feed->refused();
        refused += unit.feed->refused();
    }
    std::fputs(fmt::format(R"({{"devices":{},"messages":{},"failures":{},"acknowledged":{},)"
                           R"("refused":{},"seconds":{:.3f}}})"
                           "\n",
                           units_.size(), produced_, failures_, acknowledged, refused,
                           static_cast<double>(monotonic_ns() - start_ns_) / 1e9)
                   .c_str(),
               stdout);
    if (loop_.failures() > 0) return fail(Errc::io, loop_.first_failure());
    return acknowledged == produced_ ? 0 : 1;
}

Result<int> WearRun::run() {
    start_ns_ = monotonic_ns();
    HF_TRY(plan_lives());
    HF_TRY(connect_all());
    send_lives();
    drain();
    return summarise();
}

} // namespace

Result<int> run_wear(const WearOptions& options) {
    HF_TRY(check_plan(options.plan));
    WearRun run(options);
    return run.run();
}

} // namespace holdfast::load
