// Question: how many bytes does a point take in history, how many points a CPU second does it take,
// and what do questions about them cost, beside DuckDB? Budget: 1 byte a point; means of all fields
// and of hours as fast as DuckDB, the rest twice its time.
//   history_bench DIRECTORY [TRUCKS STEPS]: 10 points a truck and step; 10 M by default
// The questions go out as lines of JSON, with the least CPU time of five rounds and the answer:
// compare.mjs reads them, and the CSV files that are written to DIRECTORY.
#include "questions.hpp"
#include "trucks.hpp"

#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/query/result_text.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <vector>

using namespace holdfast;
using namespace holdfast::bench;

namespace {

constexpr int kRounds = 5;
constexpr std::size_t kRowsAtOnce = 1'000;
constexpr std::int64_t kHourUs = 3'600'000'000;

double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A whole number as devices send it: without a fraction.
column::Value number(double value) {
    if (value == std::trunc(value)) return column::Value::of_int(static_cast<std::int64_t>(value));
    return column::Value::of_float(value);
}

template <std::size_t N>
void put_csv(std::ofstream& out, std::int64_t us, const std::string& truck,
             const std::array<double, N>& values) {
    out << us << ',' << truck;
    for (const double value : values) out << ',' << fmt::format("{}", value);
    out << '\n';
}

class Ingest {
public:
    Ingest(history::Store& store, PartitionId to) : store_(store), to_(to) {}
    template <std::size_t N>
    void add(const Truck& truck, std::int64_t us, const std::array<std::string_view, N>& names,
             const std::array<double, N>& values) {
        auto& row = values_[rows_.size()];
        row.clear();
        for (std::size_t i = 0; i < N; ++i) row.push_back({names[i], number(values[i])});
        rows_.push_back({truck.name(), us, us, next_++, row});
        if (rows_.size() == kRowsAtOnce) flush();
    }
    void flush() {
        const double begin = cpu_s();
        store_.add(to_, rows_, next_).value();
        cpu_s_ += cpu_s() - begin;
        rows_.clear();
    }
    [[nodiscard]] double seconds() const noexcept { return cpu_s_; }

private:
    history::Store& store_;
    const PartitionId to_;
    std::vector<history::NewRow> rows_;
    std::vector<std::vector<history::FieldValue>> values_{kRowsAtOnce};
    Offset next_ = 0;
    double cpu_s_ = 0;
};

// Gives what was used: CPU seconds from rows to chunks.
double fill(history::Store& store, PartitionId to, std::vector<Truck>& trucks, int steps,
            const std::filesystem::path& directory) {
    std::ofstream readings(directory / "readings.csv");
    std::ofstream diagnostics(directory / "diagnostics.csv");
    std::ofstream tags(directory / "tags.csv");
    for (const Truck& truck : trucks)
        tags << truck.name() << ',' << truck.fleet() << ',' << truck.load_capacity() << '\n';
    Ingest ingest(store, to);
    for (int step = 0; step < steps; ++step)
        for (Truck& truck : trucks) {
            truck.step();
            const std::int64_t us = kStartUs + step * kStepUs;
            put_csv(readings, us, truck.name(), truck.readings());
            put_csv(diagnostics, us, truck.name(), truck.diagnostics());
            ingest.add(truck, us, kReadings, truck.readings());
            ingest.add(truck, us, kDiagnostics, truck.diagnostics());
        }
    ingest.flush();
    const double begin = cpu_s();
    store.seal_all().value();
    return ingest.seconds() + cpu_s() - begin;
}

class Group final : public log::AppendGroup {
public:
    void completed(Result<void> outcome) noexcept override { done.set_value(std::move(outcome)); }
    std::promise<Result<void>> done;
};

// What is known of each truck, as its owner publishes it.
void append_tags(log::Log& log, StreamId stream, const std::vector<Truck>& trucks) {
    record::BatchBuilder builder;
    for (const Truck& truck : trucks) {
        Bytes topic;
        record::encode_header(topic, record::kHeaderMqttTopic,
                              as_bytes(fmt::format("tags/{}", truck.name())));
        const std::array<ByteView, 1> headers{topic};
        const std::string text = fmt::format(R"({{"name":"{}","fleet":"{}","load_capacity":{}}})",
                                             truck.name(), truck.fleet(), truck.load_capacity());
        builder.append(kStartUs / 1'000, as_bytes(truck.name()), as_bytes(text), 1, headers);
    }
    const auto batch = builder.finish();
    Bytes bytes(batch.begin(), batch.end());
    Group group;
    group.appends.push_back({{stream, 0}, bytes, static_cast<std::int32_t>(trucks.size())});
    log.append(group);
    group.done.get_future().get().value();
}

std::uint64_t bytes_of(const std::filesystem::path& directory) {
    std::uint64_t bytes = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator(directory))
        if (each.is_regular_file() && each.path().extension() == ".sst") bytes += each.file_size();
    return bytes;
}

// Every line of an answer, in the order in which it is given.
class Lines final : public query::Sink {
public:
    Result<void> begin(const std::vector<std::string>& names) override {
        text_.begin(names);
        return ok();
    }
    Result<void> rows(const column::Frame& batch) override {
        for (std::size_t row = 0; row < batch.rows;) row = text_.rows(batch, row, SIZE_MAX);
        return ok();
    }
    std::string take(const query::Summary& summary) {
        text_.end(summary);
        return text_.take();
    }

private:
    query::ResultText text_{query::ResultFormat::json};
};

void report(std::string_view name, std::string_view way, const std::function<std::string()>& ask) {
    double best = 1e9;
    std::string answer;
    for (int round = 0; round < kRounds; ++round) {
        const double begin = cpu_s();
        answer = ask();
        best = std::min(best, cpu_s() - begin);
    }
    std::erase(answer, '\n');
    fmt::print("{{\"query\":\"{}\",\"way\":\"{}\",\"ms\":{:.3f},\"answer\":{}}}\n", name, way,
               best * 1e3, answer);
}

struct Site {
    const history::Store& store;
    StreamId stream;
    const std::vector<std::string> devices;
};

// By Store::aggregate(), as REST asks.
std::string all_means(const Site& site) {
    history::AggregateRequest request{site.stream, {}, {}};
    request.fields.assign(kReadings.begin(), kReadings.end());
    request.fields.insert(request.fields.end(), kDiagnostics.begin(), kDiagnostics.end());
    std::vector<history::FieldAggregate> all(request.fields.size());
    for (const std::string& device : site.devices) {
        request.device = device;
        const auto aggregation = site.store.aggregate(request);
        for (std::vector<history::Bucket> buckets; aggregation->next(buckets).value();)
            for (std::size_t i = 0; i < all.size(); ++i) all[i].add(buckets.front().fields[i]);
    }
    std::string out = "{\"rows\":[[";
    for (const auto& each : all)
        out += fmt::format("{}{}", out.back() == '[' ? "" : ",", each.mean().as_float());
    return out + "]]}";
}

// Sums are enough to compare: the rows themselves are many.
std::string bucket_sums(const Site& site, std::int64_t step_us) {
    history::AggregateRequest request{site.stream, {}, {"velocity"}};
    request.step_us = step_us;
    std::size_t rows = 0;
    double sum = 0;
    for (const std::string& device : site.devices) {
        request.device = device;
        const auto aggregation = site.store.aggregate(request);
        for (std::vector<history::Bucket> buckets; aggregation->next(buckets).value();)
            for (const auto& bucket : buckets) {
                const auto mean = bucket.fields.front().mean();
                if (mean.is_null()) continue;
                ++rows;
                sum += mean.as_float();
            }
    }
    return fmt::format("{{\"rows\":[[{},{}]]}}", rows, sum);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 4) {
        fmt::print(stderr, "usage: history_bench DIRECTORY [TRUCKS STEPS]\n");
        return 2;
    }
    const std::filesystem::path directory = argv[1];
    const int truck_count = argc == 4 ? std::atoi(argv[2]) : 100;
    const int steps = argc == 4 ? std::atoi(argv[3]) : 10'000;
    const SystemClock clock;
    Metrics metrics;
    MemoryAccount memory{1ULL << 32U};
    const auto log = log::Log::open({.directory = directory / "log"}, clock, metrics).value();
    log::StreamSettings settings;
    settings.name = "trucks";
    settings.partitions = 1;
    const auto stream = log->create_stream(settings).value();
    settings.name = "tags";
    const auto tags = log->create_stream(settings).value();
    history::StoreOptions options;
    options.directory = directory / "history";
    auto store = history::Store::open(options, memory, metrics).value();
    std::vector<Truck> trucks;
    for (int i = 0; i < truck_count; ++i) trucks.emplace_back(i);
    append_tags(*log, tags->id, trucks);
    const double seconds = fill(*store, {stream->id, 0}, trucks, steps, directory);
    const double points = 10.0 * truck_count * steps;
    store.reset(); // so that all is in tables, whose size is asked for
    store = history::Store::open(options, memory, metrics).value();
    fmt::print(R"({{"points":{:.0f},"bytes_per_point":{:.3f},"points_per_cpu_s":{:.0f}}})"
               "\n",
               points, static_cast<double>(bytes_of(options.directory)) / points, points / seconds);
    query::Engine engine({}, {*log,
                              clock,
                              [](std::string_view) { return std::vector<std::string>{"tags"}; },
                              {},
                              store.get()});
    for (const Question& each : kQuestions)
        report(each.name, "SQL", [&]() -> std::string {
            Lines lines;
            const auto summary = engine.run({each.sql}, lines);
            if (!summary) return fmt::format("{{\"error\":\"{}\"}}", summary.error().context);
            return lines.take(summary.value());
        });
    const Site site{*store, stream->id, store->devices(stream->id)};
    report("means of all fields", "aggregate", [&] { return all_means(site); });
    report("1 h means by device", "aggregate", [&] { return bucket_sums(site, kHourUs); });
    return 0;
}
