#include <load/simulate/fault.hpp>
#include <load/simulate/noise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::load {
namespace {

constexpr std::array kKinds{FaultKind::coolant_leak, FaultKind::bearing_wear,
                            FaultKind::oil_pump_wear, FaultKind::motor_overload};

// `planned` is in the order of the starts, and `next` starts no earlier than any of it.
bool overlaps(const std::vector<Fault>& planned, const Fault& next) {
    return std::any_of(planned.begin(), planned.end(), [&](const Fault& other) {
        return other.device == next.device && other.end_s > next.start_s;
    });
}

} // namespace

std::string_view to_string(FaultKind kind) noexcept {
    switch (kind) {
        case FaultKind::none: return "none";
        case FaultKind::coolant_leak: return "coolant_leak";
        case FaultKind::oil_pump_wear: return "oil_pump_wear";
        case FaultKind::bearing_wear: return "bearing_wear";
        case FaultKind::motor_overload: return "motor_overload";
    }
    return "?";
}

std::string_view signals_of(FaultKind kind) noexcept {
    switch (kind) {
        case FaultKind::none: return "[]";
        case FaultKind::coolant_leak: return R"(["coolant"])";
        case FaultKind::oil_pump_wear: return R"(["oil","rpm"])";
        case FaultKind::bearing_wear: return R"(["vibration","motor_current"])";
        case FaultKind::motor_overload: return R"(["motor_current","temperature"])";
    }
    return "[]";
}

bool is_car_fault(FaultKind kind) noexcept {
    return kind == FaultKind::coolant_leak || kind == FaultKind::oil_pump_wear;
}

Result<std::vector<FaultKind>> parse_fault_kinds(std::string_view text) {
    if (text == "none") return std::vector<FaultKind>();
    if (text == "all") return std::vector<FaultKind>(kKinds.begin(), kKinds.end());
    std::vector<FaultKind> kinds;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view name = text.substr(0, comma);
        const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](FaultKind candidate) {
            return to_string(candidate) == name;
        });
        if (kind == kKinds.end()) {
            return fail(Errc::malformed, fmt::format("unknown fault '{}': coolant_leak, "
                                                     "oil_pump_wear, bearing_wear, "
                                                     "motor_overload, all or none",
                                                     name));
        }
        kinds.push_back(*kind);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return kinds;
}

std::vector<Fault> schedule_faults(const FaultPlan& plan, std::size_t cars, std::size_t elevators,
                                   double duration_s, std::uint64_t seed) {
    std::vector<FaultKind> kinds;
    for (const FaultKind kind : plan.kinds) {
        if ((is_car_fault(kind) ? cars : elevators) > 0) kinds.push_back(kind);
    }
    std::vector<Fault> planned;
    if (kinds.empty()) return planned;
    Noise draw(seed ^ 0xFA17U);
    std::size_t turn = 0;
    for (double start_s = plan.first_s; start_s + plan.length_s + plan.quiet_end_s <= duration_s;
         start_s += plan.every_s, ++turn) {
        Fault next;
        next.kind = kinds[turn % kinds.size()];
        next.start_s = start_s;
        next.end_s = start_s + plan.length_s;
        const std::size_t choices = is_car_fault(next.kind) ? cars : elevators;
        const std::size_t first = is_car_fault(next.kind) ? 0 : cars;
        for (std::size_t attempt = 0; attempt < 8; ++attempt) {
            next.device = first + static_cast<std::size_t>(draw.next() % choices);
            if (overlaps(planned, next)) continue;
            planned.push_back(next);
            break;
        }
    }
    return planned;
}

} // namespace holdfast::load
