// Question: how many JSON messages a second does one core filter and project, and group by device,
// out of the log, and how much memory do 10 M rows take that are sorted, grouped or joined? Budget:
// 1.5 M rows/s each, over 1 M messages of 150 B; the query's 64 MiB and as much again.
//   query_bench DIRECTORY [FILE]: also writes the messages as NDJSON for query_duckdb.mjs

#include <holdfast/log/log.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>

#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <vector>

using namespace holdfast;

namespace {

constexpr int kMessages = 1'000'000;
constexpr int kBatch = 1000;
constexpr int kDevices = 500;
constexpr int kRounds = 5;

double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string payload(int n) {
    return fmt::format(
        R"({{"ts":{},"temp":{:.2f},"rpm":{},"state":"{}","site":"north-hall-3","seq":{},)"
        R"("motor":{{"current":{:.3f},"voltage":{:.1f}}},"ok":true}})",
        1'714'557'600'000LL + n, 20 + (n * 7 % 3000) / 100.0, n * 13 % 5000,
        n % 3 == 0 ? "idle" : "running", n, (n * 11 % 900) / 100.0, 380 + (n % 200) / 10.0);
}

class Group final : public log::AppendGroup {
public:
    void completed(Result<void> outcome) noexcept override { done.set_value(std::move(outcome)); }
    std::promise<Result<void>> done;
};

class Counted final : public query::Sink {
public:
    Result<void> begin(const std::vector<std::string>&) override { return ok(); }
    Result<void> rows(const column::Frame& batch) override {
        for (std::size_t row = 0; row < batch.rows; ++row)
            sum += batch.columns.back()->at(row).as_float();
        return ok();
    }
    double sum = 0; // so that values are looked at
};

void fill(log::Log& log, const log::Stream& stream, const char* ndjson) {
    std::ofstream out;
    if (ndjson != nullptr) out.open(ndjson);
    std::size_t bytes = 0;
    for (int first = 0; first < kMessages; first += kBatch) {
        record::BatchBuilder builder;
        for (int n = first; n < first + kBatch; ++n) {
            const std::string device = fmt::format("press-{}", n % kDevices);
            const std::string text = payload(n);
            bytes += text.size();
            if (out) out << fmt::format("{{\"device\":\"{}\",{}\n", device, text.substr(1));
            Bytes topic;
            record::encode_header(topic, record::kHeaderMqttTopic,
                                  as_bytes(fmt::format("plant/{}/telemetry", device)));
            const std::array<ByteView, 1> headers{topic};
            builder.append(1'714'557'600'000LL + n, as_bytes(device), as_bytes(text), 1, headers);
        }
        const auto batch = builder.finish();
        Bytes bytes_of_batch(batch.begin(), batch.end());
        Group group;
        group.appends.push_back({{stream.id, 0}, bytes_of_batch, kBatch});
        log.append(group);
        if (!group.done.get_future().get()) std::abort();
    }
    fmt::print("{} messages, {} B each on average\n", kMessages, bytes / kMessages);
}

// A size that the kernel states of this process.
std::size_t status_kib(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name + ":")) return std::stoul(line.substr(name.size() + 1));
    return 0;
}

// Ten rows of each message. Past its bound of memory a query ends with an error, which is as good:
// the peak is what is asked for.
void print_memory(const query::Engine& engine) {
    constexpr const char* kRows = "FROM telemetry m, UNNEST('[0,1,2,3,4,5,6,7,8,9]') u";
    for (const std::string& sql :
         {fmt::format("SELECT seq {} ORDER BY temp, seq", kRows),
          fmt::format("SELECT seq, temp {} ORDER BY temp DESC, seq LIMIT 10", kRows),
          fmt::format("SELECT seq, count(*) {} GROUP BY seq", kRows),
          fmt::format("SELECT device, rpm, count(*) {} GROUP BY device, rpm", kRows),
          std::string("SELECT a.seq FROM telemetry a JOIN telemetry b ON a.seq = b.seq"),
          fmt::format("SELECT count(*) {} JOIN (SELECT seq FROM telemetry WHERE seq < 100000) b ON "
                      "m.seq = b.seq",
                      kRows)}) {
        malloc_trim(0); // what the query before left would hide what this one takes
        std::ofstream("/proc/self/clear_refs") << "5"; // the peak starts anew
        const std::size_t before = status_kib("VmRSS");
        Counted sink;
        const auto summary = engine.run({sql}, sink);
        fmt::print(
            "peak {} MiB over {} MiB before; {}: {}\n", (status_kib("VmHWM") - before) / 1024,
            before / 1024,
            summary ? fmt::format("{} rows given", summary.value().rows) : summary.error().context,
            sql);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: query_bench DIRECTORY [FILE]\n");
        return 2;
    }
    const SystemClock clock;
    Metrics metrics;
    log::LogOptions options;
    options.directory = argv[1];
    const auto log = log::Log::open(options, clock, metrics).value();
    log::StreamSettings settings;
    settings.name = "telemetry";
    settings.partitions = 1;
    settings.retention_ms = -1;
    settings.durability = log::Durability::os;
    fill(*log, *log->create_stream(settings).value(), argc > 2 ? argv[2] : nullptr);
    query::Engine engine(
        {}, {*log, clock, [](std::string_view) { return std::vector<std::string>{"telemetry"}; }});
    for (const char* sql :
         {"SELECT device, temp * 1.8 + 32 AS f FROM 'plant/+/telemetry' WHERE temp > 35",
          "SELECT device, count(*), avg(temp) FROM 'plant/+/telemetry' GROUP BY device"}) {
        std::vector<double> series;
        std::uint64_t rows = 0;
        for (int round = 0; round < kRounds; ++round) {
            Counted sink;
            const double begin = cpu_s();
            const auto summary = engine.run({sql}, sink);
            series.push_back(cpu_s() - begin);
            if (!summary || sink.sum == 0) return 1;
            rows = summary.value().rows;
        }
        std::nth_element(series.begin(), series.begin() + kRounds / 2, series.end());
        fmt::print("{:.2f} M rows/s of one core, {} rows given: {}\n",
                   kMessages / series[kRounds / 2] / 1e6, rows, sql);
    }
    print_memory(engine);
    return 0;
}
