// What follow.py needs beside the server: rows of trucks, and what reading a log costs history.
//   history_follow_bench rows TRUCKS STEPS             CSV with all ten fields of a truck in a row
//   history_follow_bench read DIRECTORY STREAM SCRATCH CPU seconds from the log to columns, alone
#include "trucks.hpp"

#include "history/partition_reader.hpp"

#include <holdfast/log/log.hpp>

#include <fmt/format.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

using namespace holdfast;
using namespace holdfast::bench;

namespace {

constexpr std::size_t kFetchBytes = 1U << 20U; // as the server's consumers ask

double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void print_rows(int truck_count, int steps) {
    std::vector<Truck> trucks;
    for (int i = 0; i < truck_count; ++i) trucks.emplace_back(i);
    fmt::print("us,truck,{},{}\n", fmt::join(kReadings, ","), fmt::join(kDiagnostics, ","));
    for (int step = 0; step < steps; ++step)
        for (Truck& truck : trucks) {
            truck.step();
            fmt::print("{},{},{},{}\n", kStartUs + step * kStepUs, truck.name(),
                       fmt::join(truck.readings(), ","), fmt::join(truck.diagnostics(), ","));
        }
}

// The server's own reader, in front of a store that has been told everything: it takes nothing.
double read_seconds(const std::filesystem::path& directory, std::string_view stream_name,
                    const std::filesystem::path& scratch) {
    const SystemClock clock;
    Metrics metrics;
    MemoryAccount memory{1ULL << 32U};
    const auto log = log::Log::open({.directory = directory}, clock, metrics).value();
    const auto stream = log->find_stream(stream_name);
    const auto store = history::Store::open({.directory = scratch}, memory, metrics).value();
    double seconds = 0;
    for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
        const PartitionId partition{stream->id, index};
        const Offset end = log->bounds(partition).value().high_watermark;
        store->add(partition, {}, end).value();
        history::PartitionReader reader(stream, index, *store, metrics);
        const double begin = cpu_s();
        for (Offset at = 0; at < end;) {
            const auto fetched = log->fetch(partition, at, kFetchBytes).value();
            reader.step(fetched, [](const Result<void>& outcome) { outcome.value(); });
            at = fetched.next_offset;
        }
        seconds += cpu_s() - begin;
    }
    return seconds;
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "rows" && argc == 4) {
        print_rows(std::atoi(argv[2]), std::atoi(argv[3]));
    } else if (what == "read" && argc == 5) {
        fmt::print("{:.6f}\n", read_seconds(argv[2], argv[3], argv[4]));
    } else {
        fmt::print(
            stderr,
            "usage: history_follow_bench rows TRUCKS STEPS | read DIRECTORY STREAM SCRATCH\n");
        return 2;
    }
    return 0;
}
