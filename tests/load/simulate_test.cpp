// Goal: the same seed gives the same fleet; signals stay plausible and smooth; faults show as
// they are described, come on schedule and go again.
#include <load/simulate/car.hpp>
#include <load/simulate/elevator.hpp>
#include <load/simulate/fleet.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

using namespace holdfast::load;

namespace {

double number_in(const std::string& json, const std::string& name) {
    const std::size_t at = json.find("\"" + name + "\":");
    REQUIRE(at != std::string::npos);
    return std::strtod(json.c_str() + at + name.size() + 3, nullptr);
}

struct Range {
    double low = 1e300;
    double high = -1e300;
    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const auto n = static_cast<double>(x.size());
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        syy += y[i] * y[i];
        sxy += x[i] * y[i];
    }
    return (n * sxy - sx * sy) / std::sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
}

// Values of `name` at 5 messages/s for `seconds` under `fault`.
std::vector<double> observe(Device& device, const std::string& name, double seconds,
                            FaultKind fault) {
    std::vector<double> values;
    for (double at = 0; at < seconds; at += 0.2) {
        device.step(0.2, fault);
        values.push_back(number_in(device.to_json(0), name));
    }
    return values;
}

} // namespace

TEST_CASE("the same seed gives the same messages, another seed others", "[load][simulate]") {
    const auto story = [](std::uint64_t seed) {
        FaultPlan plan;
        plan.kinds = parse_fault_kinds("all").value();
        Fleet fleet({2, 2}, seed, schedule_faults(plan, 2, 2, 60, seed));
        std::string all;
        for (int step = 0; step < 1'200; ++step) {
            all += fleet.message(static_cast<std::size_t>(step % 4), step * 0.05, step * 50);
        }
        return all;
    };
    CHECK(story(7) == story(7));
    CHECK(story(7) != story(8));
}

TEST_CASE("a healthy car stays within what cars do, smoothly", "[load][simulate]") {
    Car car(3, 1);
    const std::vector<double> speed = observe(car, "speed", 120, FaultKind::none);
    Range range;
    double jump = 0;
    for (std::size_t i = 0; i < speed.size(); ++i) {
        range.add(speed[i]);
        if (i > 0) jump = std::max(jump, std::abs(speed[i] - speed[i - 1]));
    }
    CHECK(range.low > 20);
    CHECK(range.high < 90);
    CHECK(jump < 6); // km/h in 0.2 s, noise included
    Range coolant;
    for (const double value : observe(car, "coolant", 120, FaultKind::none)) coolant.add(value);
    CHECK(coolant.low > 85);
    CHECK(coolant.high < 95);
}

TEST_CASE("a coolant leak passes 110 degrees and recovers below 100", "[load][simulate]") {
    Car car(0, 1);
    const std::vector<double> leaking = observe(car, "coolant", 12, FaultKind::coolant_leak);
    CHECK(leaking.back() > 112);
    const auto crossed =
        std::find_if(leaking.begin(), leaking.end(), [](double value) { return value > 110; });
    CHECK(crossed - leaking.begin() < 5 * 8); // within 8 s
    CHECK(observe(car, "coolant", 8, FaultKind::none).back() < 100);
}

TEST_CASE("bearing wear turns vibration against the current, in its range", "[load][simulate]") {
    Elevator healthy(0, 1);
    std::vector<double> current;
    std::vector<double> vibration;
    Range range;
    const auto run = [&](FaultKind fault) {
        current.clear();
        vibration.clear();
        for (int i = 0; i < 300; ++i) {
            healthy.step(0.2, fault);
            const std::string json = healthy.to_json(0);
            current.push_back(number_in(json, "motor_current"));
            vibration.push_back(number_in(json, "vibration"));
        }
    };
    run(FaultKind::none);
    for (const double value : vibration) range.add(value);
    CHECK(correlation(current, vibration) > 0.9);
    run(FaultKind::bearing_wear);
    CHECK(correlation(current, vibration) < -0.8);
    for (const double value : vibration) CHECK(value < range.high * 1.1);
}

TEST_CASE("a worn oil pump turns the pressure against the rpm", "[load][simulate]") {
    Car car(1, 1);
    std::vector<double> rpm;
    std::vector<double> oil;
    for (int i = 0; i < 300; ++i) {
        car.step(0.2, FaultKind::oil_pump_wear);
        const std::string json = car.to_json(0);
        rpm.push_back(number_in(json, "rpm"));
        oil.push_back(number_in(json, "oil"));
    }
    CHECK(correlation(rpm, oil) < -0.9);
}

TEST_CASE("faults wait for the warm-up, end early enough and do not overlap", "[load][simulate]") {
    FaultPlan plan;
    plan.kinds = parse_fault_kinds("all").value();
    const std::vector<Fault> faults = schedule_faults(plan, 20, 20, 60, 1);
    REQUIRE(faults.size() >= 3);
    std::set<FaultKind> kinds;
    for (const Fault& fault : faults) {
        kinds.insert(fault.kind);
        CHECK(fault.start_s >= plan.first_s);
        CHECK(fault.end_s + plan.quiet_end_s <= 60);
        CHECK(is_car_fault(fault.kind) == (fault.device < 20));
        for (const Fault& other : faults) {
            if (&other == &fault || other.device != fault.device) continue;
            CHECK((other.end_s <= fault.start_s || fault.end_s <= other.start_s));
        }
    }
    CHECK(kinds.count(FaultKind::coolant_leak) == 1);
    CHECK(kinds.count(FaultKind::bearing_wear) == 1);
}

TEST_CASE("fleets and faults are named or refused with the name", "[load][simulate]") {
    const auto both = parse_fleet("cars=3,elevators", {});
    REQUIRE(both);
    CHECK(both.value().cars == 3);
    CHECK(both.value().elevators == 20);
    CHECK(parse_fleet("boats=3", {}).error().context.find("boats") != std::string::npos);
    CHECK(parse_fleet("cars=x", {}).error().code == holdfast::Errc::malformed);
    CHECK(parse_fleet("cars=99999999", {}).error().code == holdfast::Errc::limit_exceeded);
    CHECK(parse_fault_kinds("none").value().empty());
    CHECK(parse_fault_kinds("rust").error().context.find("rust") != std::string::npos);
}
