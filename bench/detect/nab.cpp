#include "nab_scoring.hpp"
#include "replay.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace holdfast::bench {
namespace {

constexpr std::size_t kTimeChars = 19; // windows give microseconds, most series do not

// Times of a series' windows in windows.json, first and last by turns.
std::vector<std::string> window_times(const std::string& labels, const std::string& name) {
    std::vector<std::string> times;
    std::size_t at = labels.find('"' + name + '"');
    if (at == std::string::npos) return times;
    at += name.size() + 2;
    while ((at = labels.find('"', at)) != std::string::npos) {
        const std::size_t end = labels.find('"', at + 1);
        if (end == std::string::npos) break;
        const std::string text = labels.substr(at + 1, end - at - 1);
        if (text.ends_with(".csv")) break;
        times.push_back(text.substr(0, kTimeChars));
        at = end + 1;
    }
    return times;
}

Result<NabSeries> series_of(const std::string& name, const Replay& replay,
                            const std::vector<std::string>& windows) {
    NabSeries series{name, replay.scores, {}};
    const auto row_of = [&](const std::string& time) {
        const auto found = std::ranges::find_if(
            replay.times, [&](const std::string& at) { return at.substr(0, kTimeChars) == time; });
        return static_cast<std::size_t>(found - replay.times.begin());
    };
    for (std::size_t i = 0; i + 1 < windows.size(); i += 2) {
        series.windows.emplace_back(row_of(windows[i]), row_of(windows[i + 1]));
        if (series.windows.back().second >= replay.times.size())
            return fail(Errc::malformed, name + ": no row at a window's end");
    }
    return series;
}

// In the layout of NAB's own results.
void write_scores(const std::filesystem::path& file, const Replay& replay) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file);
    out.precision(17);
    out << "timestamp,anomaly_score\n";
    for (std::size_t i = 0; i < replay.times.size(); ++i)
        out << replay.times[i] << ',' << replay.scores[i] << '\n';
}

void print(const char* what, const NabScore& score) {
    std::printf("NAB %-8s %6.2f  threshold %.4f, found %zu of %zu windows, %zu false rows\n", what,
                score.normalised, score.threshold, score.found, score.windows, score.false_rows);
}

} // namespace

Result<void> report_nab(const DetectOptions& options) {
    const std::filesystem::path root = options.data / "nab";
    const auto files = csv_files_below(root / "data");
    if (files.empty()) return fail(Errc::not_found, "no series below " + root.string());
    HF_TRY(const std::string labels, read_text(root / "windows.json"));
    std::vector<NabSeries> corpus;
    double ns = 0.0;
    for (const auto& file : files) {
        const std::string name = std::filesystem::relative(file, root / "data").string();
        HF_TRY(const std::string text, read_text(file));
        HF_TRY(const Replay rows, replay(options, {"value"}, text));
        HF_TRY(NabSeries series, series_of(name, rows, window_times(labels, name)));
        if (!options.output.empty()) write_scores(options.output / "nab" / name, rows);
        const NabScore alone = nab_score({series}, 0.5);
        std::printf("  %-62s windows %zu, found %zu, false rows %zu\n", name.c_str(), alone.windows,
                    alone.found, alone.false_rows);
        corpus.push_back(std::move(series));
        ns += rows.ns_per_row;
    }
    print("best", nab_score_best(corpus));
    print("shipped", nab_score(corpus, 0.5));
    std::printf("NAB %zu series, %.0f ns a row with reading and writing\n", files.size(),
                ns / static_cast<double>(files.size()));
    return ok();
}

} // namespace holdfast::bench
