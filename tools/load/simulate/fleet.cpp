#include <load/simulate/car.hpp>
#include <load/simulate/elevator.hpp>
#include <load/simulate/fleet.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace holdfast::load {
namespace {

constexpr std::size_t kDevicesMax = 10'000;
constexpr std::size_t kDevicesDefault = 20;

Result<std::size_t> parse_count(std::string_view text, std::string_view where) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(Errc::malformed, fmt::format("fleet '{}': '{}' is no number", where, text));
    }
    return count;
}

} // namespace

Result<FleetSize> parse_fleet(std::string_view text, FleetSize size) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view item = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const std::size_t equals = std::min(item.find('='), item.size());
        const std::string_view kind = item.substr(0, equals);
        std::size_t count = kDevicesDefault;
        if (equals < item.size()) {
            HF_TRY(count, parse_count(item.substr(equals + 1), text));
        }
        if (count > kDevicesMax) {
            return fail(Errc::limit_exceeded,
                        fmt::format("fleet '{}': at most {} devices", text, kDevicesMax));
        }
        if (kind == "cars") {
            size.cars += count;
        } else if (kind == "elevators") {
            size.elevators += count;
        } else {
            return fail(Errc::malformed,
                        fmt::format("fleet '{}': '{}' is neither cars nor elevators", text, kind));
        }
    }
    if (size.cars + size.elevators > kDevicesMax) {
        return fail(Errc::limit_exceeded, fmt::format("at most {} devices", kDevicesMax));
    }
    return size;
}

Fleet::Fleet(const FleetSize& size, std::uint64_t seed, std::vector<Fault> faults)
    : faults_(std::move(faults)) {
    for (std::size_t i = 0; i < size.cars; ++i) devices_.push_back(std::make_unique<Car>(i, seed));
    for (std::size_t i = 0; i < size.elevators; ++i) {
        devices_.push_back(std::make_unique<Elevator>(i, seed));
    }
    lived_s_.resize(devices_.size(), 0);
}

FaultKind Fleet::fault_at(std::size_t index, double at_s) const noexcept {
    for (const Fault& fault : faults_) {
        if (fault.device == index && at_s >= fault.start_s && at_s < fault.end_s) return fault.kind;
    }
    return FaultKind::none;
}

std::string Fleet::message(std::size_t index, double at_s, std::int64_t ts_ms) {
    constexpr double kStepMaxS = 0.2;
    double& lived_s = lived_s_[index];
    while (lived_s < at_s) {
        const double next_s = std::min(at_s, lived_s + kStepMaxS);
        devices_[index]->step(next_s - lived_s, fault_at(index, next_s));
        lived_s = next_s;
    }
    return devices_[index]->to_json(ts_ms);
}

} // namespace holdfast::load
