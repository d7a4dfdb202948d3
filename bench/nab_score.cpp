// How the seasonal range detector does on the Numenta Anomaly Benchmark: nab_score DIRECTORY
// with data/<category>/<file>.csv and windows.json. Labels are read to score, never to detect.
#include <holdfast/ml/seasonal_range.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace holdfast;
using Windows = std::vector<std::pair<std::string, std::string>>;

// Times in one fixed form compare as text; the fraction of a second is cut off.
Windows windows_of(const std::string& labels, const std::string& name) {
    Windows out;
    std::size_t at = labels.find('"' + name + '"');
    if (at == std::string::npos) return out;
    at += name.size() + 2;
    std::vector<std::string> times;
    while ((at = labels.find('"', at)) != std::string::npos) {
        const std::size_t end = labels.find('"', at + 1);
        if (end == std::string::npos) break;
        const std::string text = labels.substr(at + 1, end - at - 1);
        if (text.ends_with(".csv")) break;
        times.push_back(text.substr(0, 19));
        at = end + 1;
    }
    for (std::size_t i = 0; i + 1 < times.size(); i += 2) out.emplace_back(times[i], times[i + 1]);
    return out;
}

bool to_epoch_ms(const std::string& text, std::int64_t& out) {
    int year = 0;
    unsigned month = 0, day = 0;
    int hour = 0, minute = 0, second = 0;
    if (std::sscanf(text.c_str(), "%d-%u-%u %d:%d:%d", &year, &month, &day, &hour, &minute,
                    &second) != 6)
        return false;
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    out = (date.time_since_epoch().count() * 86'400LL + hour * 3'600LL + minute * 60LL + second) *
          1'000LL;
    return true;
}

struct Outcome {
    std::size_t rows = 0;
    std::size_t found = 0; // windows with a raise inside
    std::size_t outside = 0;
};

Outcome score(const std::filesystem::path& file, const Windows& windows) {
    Outcome out;
    std::vector<bool> hit(windows.size());
    ml::SeasonalRange detector;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const std::size_t comma = line.find(',');
        std::int64_t time = 0;
        if (comma == std::string::npos || !to_epoch_ms(line, time)) continue;
        ++out.rows;
        const auto verdict = detector.update(time, std::stod(line.substr(comma + 1)));
        if (verdict.transition != ml::Transition::raised) continue;
        const std::string at = line.substr(0, 19);
        bool is_inside = false;
        for (std::size_t i = 0; i < windows.size(); ++i)
            if (at >= windows[i].first && at <= windows[i].second) is_inside = hit[i] = true;
        if (!is_inside) ++out.outside;
    }
    out.found = static_cast<std::size_t>(std::count(hit.begin(), hit.end(), true));
    return out;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: nab_score DIRECTORY\n", stderr);
        return 2;
    }
    const std::filesystem::path root = argv[1];
    std::ifstream in(root / "windows.json");
    const std::string labels{std::istreambuf_iterator<char>(in), {}};
    if (labels.empty()) {
        std::fprintf(stderr, "nab_score: no windows.json in %s\n", root.c_str());
        return 1;
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "data"))
        if (entry.path().extension() == ".csv") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::size_t labelled = 0, good = 0;
    std::printf("%-64s %7s %7s %7s %s\n", "series", "windows", "found", "outside", "rows");
    for (const auto& file : files) {
        const std::string name = std::filesystem::relative(file, root / "data").string();
        const Windows windows = windows_of(labels, name);
        const Outcome out = score(file, windows);
        std::printf("%-64s %7zu %7zu %7zu %zu\n", name.c_str(), windows.size(), out.found,
                    out.outside, out.rows);
        if (windows.empty()) continue;
        ++labelled;
        if (out.found > 0 && out.outside <= 3) ++good;
    }
    std::printf("a window found, at most 3 raises outside: %zu of %zu labelled series\n", good,
                labelled);
    return 0;
}
