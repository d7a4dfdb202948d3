// Question: what CPU does the log add to a raw RocksDB WriteBatch with the same bytes?
// Method: groups of 1000 records of 64 B, one batch per group, unsynced, one after the other;
// CPU time of the whole process (flushes included), per record.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/database.hpp>

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <holdfast/log/group_offsets.hpp>

using namespace holdfast;

namespace {

constexpr int kGroups = 5'000;
constexpr int kRecords = 1'000;

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Bytes make_batch() {
    record::BatchBuilder builder;
    const std::string value(64, 'v');
    for (int i = 0; i < kRecords; ++i)
        builder.append(1'700'000'000'000, as_bytes("device-1"), as_bytes(value), 0, {});
    const auto batch = builder.finish();
    return {batch.begin(), batch.end()};
}

class CountedGroup final : public log::AppendGroup {
public:
    void completed(Result<void> outcome) noexcept override { done.set_value(std::move(outcome)); }
    std::promise<Result<void>> done;
};

double log_us_per_record(Bytes batch, bool synced) {
    const test::TempDir directory;
    const SystemClock clock;
    Metrics metrics;
    log::LogOptions options;
    options.keyspaces = {log::kGroupsKeyspace};
    options.directory = directory.path() / "log";
    auto log = log::Log::open(std::move(options), clock, metrics).value();
    log::StreamSettings settings;
    settings.name = "bench";
    settings.durability = synced ? log::Durability::fsync : log::Durability::os;
    const PartitionId partition{log->create_stream(settings).value()->id, 0};
    const double began = cpu_seconds();
    for (int i = 0; i < kGroups; ++i) {
        CountedGroup group;
        group.appends.push_back({partition, batch, kRecords});
        log->append(group);
        if (!group.done.get_future().get()) return -1;
    }
    return (cpu_seconds() - began) * 1e6 / kGroups / kRecords;
}

double raw_us_per_record(const Bytes& batch, bool synced) {
    const test::TempDir directory;
    kv::DatabaseOptions options;
    options.directory = directory.path();
    options.use_of = [](std::string_view) { return kv::FamilyUse::payload; };
    const auto database = kv::Database::open(options).value();
    const auto family = database->create_family("slice").value();
    const double began = cpu_seconds();
    kv::WriteBatch write;
    for (int i = 0; i < kGroups; ++i) {
        std::array<std::byte, 16> key{};
        store_u64_be(key.data() + 8, static_cast<std::uint64_t>(i));
        write.clear();
        write.put(family, key, batch);
        if (!database->write(write, synced)) return -1;
    }
    return (cpu_seconds() - began) * 1e6 / kGroups / kRecords;
}

} // namespace

int main() {
    set_log_level(LogLevel::error);
    const Bytes batch = make_batch();
    fmt::print("{} groups of {} records, {} bytes each group; CPU microseconds per record\n",
               kGroups, kRecords, batch.size());
    for (const bool synced : {false, true})
        for (int round = 0; round < 3; ++round)
            fmt::print("{}: log {:.4f}  raw RocksDB {:.4f}\n", synced ? "fsync" : "os",
                       log_us_per_record(batch, synced), raw_us_per_record(batch, synced));
}
