#include "obd_faults.hpp"
#include "replay.hpp"
#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace holdfast::bench {
namespace {

constexpr std::uint32_t kSeeds = 5;
constexpr std::size_t kGraceRows = 60; // after a fault, in which an alarm is still its alarm

Result<Drive> drive_of(const std::filesystem::path& file) {
    HF_TRY(const std::string text, read_text(file));
    std::istringstream in(text);
    std::string line;
    std::getline(in, line);
    Drive drive{file.filename().string(), cells_of(line, ','), {}, {}};
    drive.signals.erase(drive.signals.begin()); // the time
    while (std::getline(in, line)) {
        const auto cells = cells_of(line, ',');
        if (cells.size() != drive.signals.size() + 1)
            return fail(Errc::malformed, drive.name + ": a row of another width");
        drive.times.push_back(cells.front());
        auto& row = drive.rows.emplace_back();
        for (std::size_t i = 1; i < cells.size(); ++i)
            row.push_back(std::strtod(cells[i].c_str(), nullptr));
    }
    if (drive.rows.size() < 2 * kObdTrainingRows)
        return fail(Errc::malformed, drive.name + ": too few rows");
    return drive;
}

std::string csv_of(const Drive& drive) {
    std::string out = "t";
    for (const std::string& signal : drive.signals) out += ',' + signal;
    out += '\n';
    for (std::size_t row = 0; row < drive.rows.size(); ++row) {
        out += drive.times[row];
        for (const double value : drive.rows[row]) out += fmt::format(",{}", value);
        out += '\n';
    }
    return out;
}

struct Found {
    std::array<std::size_t, kFaultKinds> faults{};
    std::array<std::size_t, kFaultKinds> seen{};   // an alarm was present in their time
    std::array<std::size_t, kFaultKinds> raised{}; // one began in their time
    std::size_t false_alarms = 0;
    std::size_t quiet_rows = 0; // outside faults and their grace
    std::size_t alarmed_rows = 0;

    void add(const std::vector<bool>& alarmed, const std::vector<Fault>& list) {
        std::vector<bool> is_fault(alarmed.size());
        const auto begins = [&](std::size_t row) {
            return alarmed[row] && (row == kObdTrainingRows || !alarmed[row - 1]);
        };
        for (const Fault& fault : list) {
            const auto kind = static_cast<std::size_t>(fault.kind);
            bool is_seen = false;
            bool is_raised = false;
            for (std::size_t row = fault.first;
                 row <= std::min(fault.last + kGraceRows, alarmed.size() - 1); ++row) {
                is_fault[row] = true;
                is_seen = is_seen || alarmed[row];
                is_raised = is_raised || begins(row);
            }
            ++faults[kind];
            seen[kind] += is_seen ? 1 : 0;
            raised[kind] += is_raised ? 1 : 0;
        }
        for (std::size_t row = kObdTrainingRows; row < alarmed.size(); ++row) {
            if (is_fault[row]) continue;
            ++quiet_rows;
            alarmed_rows += alarmed[row] ? 1 : 0;
            false_alarms += begins(row) ? 1 : 0;
        }
    }
};

double part(std::size_t count, std::size_t of) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::size_t>(of, 1));
}

void print(const Found& found) {
    std::size_t faults = 0;
    std::size_t seen = 0;
    std::size_t raised = 0;
    for (std::size_t kind = 0; kind < kFaultKinds; ++kind) {
        std::printf("  %-8s %zu of %zu, %zu with an alarm of their own\n",
                    std::string(to_string(static_cast<FaultKind>(kind))).c_str(), found.seen[kind],
                    found.faults[kind], found.raised[kind]);
        faults += found.faults[kind];
        seen += found.seen[kind];
        raised += found.raised[kind];
    }
    std::printf(
        "OBD recall %.3f (%.3f with an alarm of their own), %.2f false alarms an hour, "
        "alarmed %.1f %% of the other time\n",
        part(seen, faults), part(raised, faults),
        3600.0 * part(found.false_alarms, found.quiet_rows),
        100.0 * part(found.alarmed_rows, found.quiet_rows));
}

} // namespace

Result<void> report_obd(const DetectOptions& options) {
    const std::filesystem::path root = options.data / "obd";
    std::vector<Drive> drives;
    for (const auto& file : csv_files_below(root)) {
        HF_TRY(Drive drive, drive_of(file));
        drives.push_back(std::move(drive));
    }
    if (drives.size() < 2) return fail(Errc::not_found, "no two drives below " + root.string());
    Found found;
    for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
        for (std::size_t i = 0; i < drives.size(); ++i) {
            Drive drive = drives[i];
            const auto faults = put_faults(drive, drives[(i + 1) % drives.size()], seed);
            HF_TRY(const Replay rows, replay(options, drive.signals, csv_of(drive)));
            found.add(rows.alarmed, faults);
        }
    }
    print(found);
    return ok();
}

} // namespace holdfast::bench
