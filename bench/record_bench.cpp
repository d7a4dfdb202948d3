// Question: what does one record cost on its way into a batch and out of it, in ns, without I/O?
// Budget: append <= 25 ns for 64 B value, 20 B key and two header pieces, out of about 500 ns that
// a message costs in all.

#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::record;

namespace {

constexpr int kRecords = 1000; // one group commit's batch
constexpr int kRounds = 300;
constexpr int kSeries = 9;

double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Median of the series, in ns of CPU per record: other work on the machine does not count.
template <class Body>
double ns_per_record(Body body) {
    std::vector<double> series;
    for (int s = 0; s < kSeries; ++s) {
        const double begin = cpu_ns();
        for (int round = 0; round < kRounds; ++round) body();
        series.push_back((cpu_ns() - begin) / (double{kRounds} * kRecords));
    }
    std::nth_element(series.begin(), series.begin() + kSeries / 2, series.end());
    return series[kSeries / 2];
}

void fill(BatchBuilder& builder, ByteView key, ByteView value, std::span<const ByteView> headers) {
    builder.clear();
    for (int i = 0; i < kRecords; ++i)
        builder.append(1'700'000'000'000 + i, key, value, 2, headers);
}

} // namespace

int main() {
    const std::string key(20, 'k');
    const std::string value(64, 'v');
    Bytes topic;
    Bytes qos;
    encode_header(topic, "mqtt.topic", as_bytes("plant/hall-3/lift-7/telemetry"));
    encode_header(qos, "mqtt.qos", as_bytes("1"));
    const std::array<ByteView, 2> headers = {topic, qos};

    BatchBuilder builder;
    const double append =
        ns_per_record([&] { fill(builder, as_bytes(key), as_bytes(value), headers); });
    const double finish = ns_per_record([&] { (void)builder.finish(); });
    const std::span<std::byte> batch = builder.finish();
    std::size_t seen = 0;
    const double read = ns_per_record([&] {
        auto view = BatchView::open(batch).value();
        for (RecordView record; view.next(record).value();) seen += record.value.size();
    });
    fmt::print("records {} of 64 B value, 20 B key, 2 header pieces; compiler {}\n", kRecords,
               __VERSION__);
    fmt::print("append {:.1f} ns, finish (CRC) {:.1f} ns, open and walk {:.1f} ns per record\n",
               append, finish, read);
    return seen == 0 ? 1 : 0;
}
