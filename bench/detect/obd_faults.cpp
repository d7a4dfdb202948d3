#include "obd_faults.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <utility>

namespace holdfast::bench {
namespace {

constexpr std::size_t kDriftRows = 120;
constexpr std::size_t kStuckRows = 60;
constexpr std::size_t kSpikes = 5;
constexpr std::size_t kSpikeStep = 12;
constexpr std::size_t kSwappedRows = 120;
constexpr double kDriftDeviations = 2.0;
constexpr double kSpikeDeviations = 6.0;
constexpr std::size_t kGapRows = 120; // between faults, so that each has a time of its own
constexpr int kTries = 200;           // places looked at, until one would change something

using Random = std::mt19937; // its numbers are laid down by the standard

// Below `count`. The distributions of the library differ from one to the next.
std::size_t below(Random& random, std::size_t count) {
    return random() % count;
}

double deviation(const Drive& drive, std::size_t signal) {
    double sum = 0.0;
    double squares = 0.0;
    for (const auto& row : drive.rows) {
        sum += row[signal];
        squares += row[signal] * row[signal];
    }
    const auto count = static_cast<double>(drive.rows.size());
    return std::sqrt(std::max(squares / count - sum / count * (sum / count), 0.0));
}

std::size_t rows_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::drift: return kDriftRows;
        case FaultKind::stuck: return kStuckRows;
        case FaultKind::spikes: return (kSpikes - 1) * kSpikeStep + 1;
        case FaultKind::swapped: break;
    }
    return kSwappedRows;
}

// A shorter drive lends its rows again from the start.
double lent(const Drive& other, std::size_t row, std::size_t signal) {
    return other.rows[row % other.rows.size()][signal];
}

// Whether a fault there would be one: a sensor that stands still anyhow cannot be seen to stick.
bool would_change(const Drive& drive, const Drive& other, const Fault& fault) {
    const std::size_t count = fault.last - fault.first + 1;
    if (fault.kind == FaultKind::stuck) {
        std::size_t others = 0;
        for (std::size_t row = fault.first; row <= fault.last; ++row)
            others += drive.rows[row][fault.signal] != drive.rows[fault.first][fault.signal];
        return others >= 15;
    }
    if (fault.kind != FaultKind::swapped) return true;
    double sum_a = 0.0;
    double sum_b = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    double ab = 0.0;
    for (std::size_t row = fault.first; row <= fault.last; ++row) {
        const double a = drive.rows[row][fault.signal];
        const double b = lent(other, row, fault.signal);
        sum_a += a;
        sum_b += b;
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    const auto n = static_cast<double>(count);
    const double apart = std::abs(sum_a - sum_b) / n;
    const double var_a = aa / n - sum_a / n * (sum_a / n);
    const double var_b = bb / n - sum_b / n * (sum_b / n);
    const double both = ab / n - sum_a / n * (sum_b / n);
    return apart >= 0.5 * deviation(drive, fault.signal) ||
           (var_a > 0.0 && var_b > 0.0 && both < 0.5 * std::sqrt(var_a * var_b));
}

void put(Drive& drive, const Drive& other, const Fault& fault, double scale, double sign) {
    const double kept = drive.rows[fault.first][fault.signal];
    for (std::size_t row = fault.first; row <= fault.last; ++row) {
        double& value = drive.rows[row][fault.signal];
        const std::size_t at = row - fault.first;
        switch (fault.kind) {
            case FaultKind::drift:
                value += sign * kDriftDeviations * scale * static_cast<double>(at + 1) / kDriftRows;
                break;
            case FaultKind::stuck: value = kept; break;
            case FaultKind::spikes:
                if (at % kSpikeStep == 0) value += sign * kSpikeDeviations * scale;
                break;
            case FaultKind::swapped: value = lent(other, row, fault.signal); break;
        }
    }
}

} // namespace

std::string_view to_string(FaultKind kind) noexcept {
    switch (kind) {
        case FaultKind::drift: return "drift";
        case FaultKind::stuck: return "stuck";
        case FaultKind::spikes: return "spikes";
        case FaultKind::swapped: return "swapped";
    }
    return "?";
}

std::vector<Fault> put_faults(Drive& drive, const Drive& other, std::uint32_t seed) {
    std::uint32_t name_sum = 0;
    for (const char c : drive.name) name_sum = name_sum * 31 + static_cast<unsigned char>(c);
    Random random(seed * 1'000'003U + name_sum);
    std::array<FaultKind, kFaultKinds> order = {FaultKind::drift, FaultKind::stuck,
                                                FaultKind::spikes, FaultKind::swapped};
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(random, i)]);

    const std::size_t slot = (drive.rows.size() - kObdTrainingRows) / kFaultKinds;
    std::vector<Fault> faults;
    for (std::size_t i = 0; i < order.size(); ++i) {
        Fault fault{order[i]};
        const std::size_t room = slot - rows_of(fault.kind) - kGapRows;
        for (int attempt = 0; attempt < kTries; ++attempt) {
            fault.signal = below(random, drive.signals.size());
            fault.first = kObdTrainingRows + i * slot + below(random, room);
            fault.last = fault.first + rows_of(fault.kind) - 1;
            if (would_change(drive, other, fault)) break;
        }
        const double sign = below(random, 2) == 0 ? 1.0 : -1.0;
        put(drive, other, fault, deviation(drive, fault.signal), sign);
        faults.push_back(fault);
    }
    return faults;
}

} // namespace holdfast::bench
