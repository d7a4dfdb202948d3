// Question: what does the commit log cost beside what the machine gives it? One subcommand for each
// question; bench/commit-log runs them and compares their figures with the bars.
//
//   append raw|log DIR SECONDS RECORDS  groups of batches of RECORDS, each group synced
//   fill DIR MIB                      a log with that much of batches, flushed to tables
//   fetch DIR SECONDS                 reads it over and over, pages cached: records per CPU second
//   cold DIR                          reads it once: MB/s
//   write DIR MIB none|lz4            appends telemetry of simulated cars and lifts
//   partitions DIR STREAMS COUNT      streams of COUNT partitions with a record in each
//   keys DIR COUNT                    keyed state: offsets of consumer groups
//   open DIR                          opens a log and looks once at all its keyed state
//
// Each prints one line of JSON.
#include "load/simulate/car.hpp"
#include "load/simulate/elevator.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/database.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace holdfast;

namespace {

constexpr std::int64_t kTimeMs = 1'700'000'000'000;
constexpr std::size_t kRecordBytes = 100;
// What a group commit joins and what is under way beside it: as shards at work have it.
constexpr std::size_t kGroupBatches = 8;
constexpr std::size_t kGroupsUnderWay = 4;

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

class Stopwatch {
public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    }
    [[nodiscard]] double cpu() const { return cpu_seconds() - cpu_began_; }

private:
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    const double cpu_began_ = cpu_seconds();
};

[[noreturn]] void die(std::string_view what) {
    fmt::print(stderr, "log_bench: {}\n", what);
    std::exit(1);
}

template <class T>
T need(Result<T> result) {
    if (!result) die(result.error().context);
    return std::move(result).value();
}
void need(Result<void> result) {
    if (!result) die(result.error().context);
}

// Values that do not compress and do not repeat.
Bytes make_batch(int records, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    record::BatchBuilder builder;
    for (int i = 0; i < records; ++i) {
        std::string value(kRecordBytes, '\0');
        for (char& c : value) c = static_cast<char>(random());
        builder.append(kTimeMs, as_bytes("device-1"), as_bytes(value), 0, {});
    }
    const auto batch = builder.finish();
    return {batch.begin(), batch.end()};
}

std::uint64_t bytes_written() {
    std::ifstream io("/proc/self/io");
    std::string name;
    for (std::uint64_t value = 0; io >> name >> value;)
        if (name == "write_bytes:") return value;
    die("/proc/self/io has no write_bytes");
}

std::uint64_t resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
    die("/proc/self/status has no VmRSS");
}

struct OpenLog {
    SystemClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log;

    explicit OpenLog(const std::filesystem::path& directory) {
        log::LogOptions options;
        options.keyspaces = {log::kGroupsKeyspace};
        options.directory = directory;
        log = need(log::Log::open(std::move(options), clock, metrics));
    }
    PartitionId stream(const std::string& name, PartitionIndex partitions,
                       record::Compression compression = record::Compression::none) {
        log::StreamSettings settings;
        settings.name = name;
        settings.partitions = partitions;
        settings.compression = compression;
        return {need(log->create_stream(std::move(settings)))->id, 0};
    }
};

// Keeps a few groups under way and counts what was stored.
class Appender {
public:
    explicit Appender(log::Log& log) : log_(log) {}
    ~Appender() { finish(); }

    void append(PartitionId partition, std::vector<Bytes> batches, int records) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return under_way_ < kGroupsUnderWay; });
            ++under_way_;
        }
        while (!groups_.empty() && groups_.front()->is_done) groups_.pop_front();
        auto group = std::make_unique<Group>(*this);
        group->batches = std::move(batches);
        for (Bytes& batch : group->batches) group->appends.push_back({partition, batch, records});
        groups_.push_back(std::move(group));
        log_.append(*groups_.back());
    }
    void finish() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return under_way_ == 0; });
    }

private:
    struct Group final : log::AppendGroup {
        explicit Group(Appender& owner) : appender(owner) {}
        void completed(Result<void> outcome) noexcept override {
            if (!outcome) die(outcome.error().context);
            const std::lock_guard lock(appender.mutex_);
            is_done = true;
            --appender.under_way_;
            appender.changed_.notify_all();
        }
        Appender& appender;
        std::vector<Bytes> batches;
        std::atomic<bool> is_done{false};
    };

    log::Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t under_way_ = 0;
    std::deque<std::unique_ptr<Group>> groups_;
};

void report_append(const Stopwatch& watch, std::uint64_t records) {
    fmt::print("{{\"records_per_second\": {:.0f}, \"records_per_cpu_second\": {:.0f}}}\n",
               static_cast<double>(records) / watch.seconds(),
               static_cast<double>(records) / watch.cpu());
}

void append_raw(const std::filesystem::path& directory, double seconds, int records) {
    kv::DatabaseOptions options;
    options.directory = directory;
    options.use_of = [](std::string_view) { return kv::FamilyUse::payload; };
    const auto database = need(kv::Database::open(options));
    const auto family = need(database->create_family("values"));
    const Bytes batch = make_batch(records, 1);
    std::uint64_t stored = 0;
    std::uint64_t key_number = 0;
    kv::WriteBatch write;
    const Stopwatch watch;
    while (watch.seconds() < seconds) {
        write.clear();
        for (std::size_t i = 0; i < kGroupBatches; ++i) {
            std::array<std::byte, 16> key{};
            store_u64_be(key.data() + 8, key_number++);
            write.put(family, key, batch);
        }
        need(database->write(write, true));
        stored += kGroupBatches * static_cast<std::uint64_t>(records);
    }
    report_append(watch, stored);
}

void append_log(const std::filesystem::path& directory, double seconds, int records) {
    OpenLog at(directory);
    const PartitionId partition = at.stream("bench", 1);
    const std::vector<Bytes> batches(kGroupBatches, make_batch(records, 1));
    std::uint64_t stored = 0;
    const Stopwatch watch;
    Appender appender(*at.log);
    while (watch.seconds() < seconds) {
        appender.append(partition, batches, records);
        stored += kGroupBatches * static_cast<std::uint64_t>(records);
    }
    appender.finish();
    report_append(watch, stored);
}

void fill(const std::filesystem::path& directory, std::uint64_t mib) {
    constexpr int kRecords = 1'000;
    OpenLog at(directory);
    const PartitionId partition = at.stream("bench", 1);
    Appender appender(*at.log);
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; bytes < mib << 20U; ++i) {
        std::vector<Bytes> batches{make_batch(kRecords, i)};
        bytes += batches[0].size();
        appender.append(partition, std::move(batches), kRecords);
    }
    appender.finish();
    fmt::print("{{\"bytes\": {}}}\n", bytes);
}

struct ReadThrough {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t value_bytes = 0;
};

// What a reader does: the log checks each batch's CRC; with `walks` each record is decoded as well.
ReadThrough read_through(const log::Log& log, PartitionId partition, bool walks) {
    ReadThrough sum;
    for (Offset at = 0;;) {
        const auto fetched = need(log.fetch(partition, at, 1U << 20U));
        if (fetched.next_offset == at) return sum;
        sum.records += static_cast<std::uint64_t>(fetched.next_offset - at);
        sum.bytes += fetched.batches.size();
        at = fetched.next_offset;
        for (ByteView rest = fetched.batches; walks && !rest.empty();) {
            auto view = need(record::BatchView::open(rest));
            record::RecordView record;
            while (need(view.next(record))) sum.value_bytes += record.value.size();
            rest = rest.subspan(view.header().size_bytes());
        }
    }
}

void fetch(const std::filesystem::path& directory, double seconds) {
    OpenLog at(directory);
    const PartitionId partition{at.log->find_stream("bench")->id, 0};
    std::array<double, 2> per_second{};
    for (const bool walks : {false, true}) {
        (void)read_through(*at.log, partition, walks);
        std::uint64_t records = 0;
        const Stopwatch watch;
        while (watch.seconds() < seconds)
            records += read_through(*at.log, partition, walks).records;
        per_second[walks ? 1 : 0] = static_cast<double>(records) / watch.cpu();
    }
    fmt::print("{{\"fetched_per_cpu_second\": {:.0f}, \"decoded_per_cpu_second\": {:.0f}}}\n",
               per_second[0], per_second[1]);
}

void cold(const std::filesystem::path& directory) {
    OpenLog at(directory);
    const PartitionId partition{at.log->find_stream("bench")->id, 0};
    const Stopwatch watch;
    const ReadThrough sum = read_through(*at.log, partition, false);
    fmt::print("{{\"mb_per_second\": {:.1f}, \"bytes\": {}}}\n",
               static_cast<double>(sum.bytes) / 1e6 / watch.seconds(), sum.bytes);
}

// A minute of fifty cars and fifty lifts in each batch of a hundred.
void write_telemetry(const std::filesystem::path& directory, std::uint64_t mib,
                     record::Compression compression) {
    std::vector<std::unique_ptr<load::Device>> fleet;
    for (std::size_t i = 0; i < 50; ++i) {
        fleet.push_back(std::make_unique<load::Car>(i, 1));
        fleet.push_back(std::make_unique<load::Elevator>(i, 1));
    }
    const std::uint64_t written_before = bytes_written();
    std::uint64_t appended = 0;
    std::uint64_t uncompressed = 0;
    std::int64_t now_ms = kTimeMs;
    {
        OpenLog at(directory);
        const PartitionId partition = at.stream("bench", 1);
        Appender appender(*at.log);
        record::BatchBuilder builder;
        Bytes topic;
        while (uncompressed < mib << 20U) {
            builder.clear();
            for (auto& device : fleet) {
                device->step(1, load::FaultKind{});
                topic.clear();
                record::encode_header(topic, "mqtt.topic", as_bytes(device->topic()));
                const std::array<ByteView, 1> headers{topic};
                builder.append(now_ms, as_bytes(device->id()), as_bytes(device->to_json(now_ms)), 1,
                               headers);
            }
            now_ms += 1'000;
            uncompressed += builder.size_bytes();
            const auto batch = builder.finish(compression);
            appended += batch.size();
            appender.append(partition, {Bytes(batch.begin(), batch.end())},
                            static_cast<int>(fleet.size()));
        }
        appender.finish();
    }
    fmt::print("{{\"uncompressed\": {}, \"appended\": {}, \"written\": {}}}\n", uncompressed,
               appended, bytes_written() - written_before);
}

void make_partitions(const std::filesystem::path& directory, int streams, PartitionIndex count) {
    OpenLog at(directory);
    Appender appender(*at.log);
    const Bytes batch = make_batch(1, 1);
    for (int i = 0; i < streams; ++i) {
        PartitionId partition = at.stream(fmt::format("stream-{}", i), count);
        for (; partition.index < count; ++partition.index) appender.append(partition, {batch}, 1);
    }
    appender.finish();
    fmt::print("{{\"partitions\": {}}}\n", static_cast<std::uint64_t>(streams) * count);
}

void make_keys(const std::filesystem::path& directory, int count) {
    constexpr int kPerGroup = 1'000;
    OpenLog at(directory);
    const PartitionId first = at.stream("bench", kPerGroup);
    log::GroupOffsets groups(*at.log, at.clock);
    std::vector<log::GroupOffset> offsets(kPerGroup);
    for (PartitionIndex i = 0; i < kPerGroup; ++i) {
        offsets[i].partition = {first.stream, i};
        offsets[i].offset = 1;
        offsets[i].metadata = std::string(80, 'm');
    }
    for (int i = 0; i < count / kPerGroup; ++i)
        need(groups.commit(fmt::format("group-{:06}", i), offsets));
    fmt::print("{{\"keys\": {}}}\n", count);
}

void open(const std::filesystem::path& directory) {
    const Stopwatch watch;
    const OpenLog at(directory);
    const double opened = watch.seconds();
    std::uint64_t keys = 0;
    need(at.log->scan_state(log::kGroupsKeyspace, "", [&](std::string_view, std::string_view) {
        ++keys;
        return true;
    }));
    fmt::print(
        "{{\"open_seconds\": {:.3f}, \"scan_seconds\": {:.3f}, \"keys\": {}, "
        "\"resident_kib\": {}}}\n",
        opened, watch.seconds() - opened, keys, resident_kib());
}

} // namespace

int main(int argc, char** argv) {
    set_log_level(LogLevel::error);
    const std::vector<std::string> args(argv + 1, argv + argc);
    const auto is = [&](std::string_view command, std::size_t count) {
        return args.size() == count && args[0] == command;
    };
    const auto integer = [&](std::size_t i) { return std::atoi(args[i].c_str()); };
    if (is("append", 5) && args[1] == "raw")
        append_raw(args[2], std::atof(args[3].c_str()), integer(4));
    else if (is("append", 5) && args[1] == "log")
        append_log(args[2], std::atof(args[3].c_str()), integer(4));
    else if (is("fill", 3))
        fill(args[1], static_cast<std::uint64_t>(integer(2)));
    else if (is("fetch", 3))
        fetch(args[1], std::atof(args[2].c_str()));
    else if (is("cold", 2))
        cold(args[1]);
    else if (is("write", 4))
        write_telemetry(args[1], static_cast<std::uint64_t>(integer(2)),
                        args[3] == "lz4" ? record::Compression::lz4 : record::Compression::none);
    else if (is("partitions", 4))
        make_partitions(args[1], integer(2), static_cast<PartitionIndex>(integer(3)));
    else if (is("keys", 3))
        make_keys(args[1], integer(2));
    else if (is("open", 2))
        open(args[1]);
    else
        die("see the first lines of bench/log_bench.cpp");
}
