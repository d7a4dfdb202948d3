// Question: how many bytes does a point take in chunks, and how many points a second go in and out?
// Budget: <= 1.0 byte a point with its share of the times; decoding far above what queries need, at
// least 100 M points/s of CPU.
//
// Reads CSV files of one table each, the time in ms first, the device second, then numbers, in the
// order of the time: the truck data of the history benchmark. history_chunk_bench FILE.csv ...
#include <holdfast/column/chunk.hpp>
#include <holdfast/column/chunk_ints.hpp>

#include <fmt/format.h>
#include <time.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::column;

namespace {

constexpr std::size_t kChunkRows = 2'048;

struct Series {
    std::vector<std::int64_t> ts_us;
    std::vector<std::vector<Value>> fields;
};

double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// As JSON numbers become cells: whole ones are integers.
Value number(const std::string& text) {
    std::int64_t whole = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, whole).ptr == end) return Value::of_int(whole);
    return Value::of_float(std::strtod(text.c_str(), nullptr));
}

std::map<std::string, Series> read_csv(const char* file) {
    std::map<std::string, Series> devices;
    std::ifstream in(file);
    std::string line;
    std::getline(in, line); // names
    while (std::getline(in, line)) {
        std::istringstream cells(line);
        std::string ts, device, cell;
        std::getline(cells, ts, ',');
        std::getline(cells, device, ',');
        Series& series = devices[device];
        series.ts_us.push_back(std::stoll(ts) * 1000);
        for (std::size_t i = 0; std::getline(cells, cell, ','); ++i) {
            if (series.fields.size() <= i) series.fields.emplace_back();
            series.fields[i].push_back(number(cell));
        }
    }
    return devices;
}

struct Figures {
    std::size_t points = 0, value_bytes = 0, time_bytes = 0;
    double encode_s = 0, decode_s = 0;
};

void measure(const Series& series, Figures& figures) {
    for (std::size_t from = 0; from < series.ts_us.size(); from += kChunkRows) {
        const std::size_t rows = std::min(kChunkRows, series.ts_us.size() - from);
        Bytes times;
        encode_ints(std::span(series.ts_us).subspan(from, rows), times);
        figures.time_bytes += times.size();
        for (const auto& field : series.fields) {
            Column column;
            column.reset(rows);
            for (std::size_t row = 0; row < rows; ++row) column.set(row, field[from + row]);
            Bytes bytes;
            double begin = cpu_s();
            encode_column(column, bytes);
            figures.encode_s += cpu_s() - begin;
            TextArena arena;
            Column back;
            begin = cpu_s();
            const auto decoded = decode_column(bytes, rows, arena, back);
            figures.decode_s += cpu_s() - begin;
            for (std::size_t row = 0; row < rows; ++row)
                if (!decoded || back.type_at(row) != column.type_at(row) ||
                    back.words()[row] != column.words()[row])
                    std::abort();
            figures.points += rows;
            figures.value_bytes += bytes.size();
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    fmt::print("chunks of {} rows; compiler {}\n", kChunkRows, __VERSION__);
    Figures all;
    for (int i = 1; i < argc; ++i)
        for (const auto& [device, series] : read_csv(argv[i])) measure(series, all);
    if (all.points == 0) return 1;
    const auto points = static_cast<double>(all.points);
    fmt::print(
        "{:.1f} M points: values {:.3f}, times {:.3f} bytes a point; encode {:.0f}, decode "
        "{:.0f} M points/s of CPU\n",
        points / 1e6, static_cast<double>(all.value_bytes) / points,
        static_cast<double>(all.time_bytes) / points, points / all.encode_s / 1e6,
        points / all.decode_s / 1e6);
}
