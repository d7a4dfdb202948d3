#include "replay.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace holdfast::bench {
namespace {

constexpr std::size_t kTrainingRows = 400; // of each file, not scored: SKAB's leaderboard

// Rows in which the model was alarmed, against rows that are labelled so.
struct Confusion {
    std::size_t hits = 0;
    std::size_t false_alarms = 0;
    std::size_t missed = 0;
    std::size_t quiet = 0;

    void add(bool alarmed, bool labelled) {
        ++(labelled ? (alarmed ? hits : missed) : (alarmed ? false_alarms : quiet));
    }
    [[nodiscard]] double f1() const {
        const double wrong = static_cast<double>(false_alarms + missed) / 2.0;
        return hits == 0 ? 0.0 : static_cast<double>(hits) / (static_cast<double>(hits) + wrong);
    }
    [[nodiscard]] static double percent(std::size_t part, std::size_t rest) {
        return 100.0 * static_cast<double>(part) /
               static_cast<double>(std::max<std::size_t>(part + rest, 1));
    }
};

// All columns but time and labels.
std::vector<std::string> sensors_of(const std::vector<std::string>& header) {
    std::vector<std::string> sensors;
    for (const std::string& name : header)
        if (name != "datetime" && name != "anomaly" && name != "changepoint")
            sensors.push_back(name);
    return sensors;
}

// In the layout that SKAB's scorers read.
void write_rows(const std::filesystem::path& file, const Replay& rows) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file);
    out << "datetime;pred\n";
    for (std::size_t i = 0; i < rows.times.size(); ++i)
        out << rows.times[i] << ';' << (rows.alarmed[i] ? 1 : 0) << '\n';
}

Result<void> score(const std::string& text, const Replay& rows, Confusion& confusion) {
    std::istringstream in(text);
    std::string line;
    std::getline(in, line);
    const auto header = cells_of(line, ';');
    const auto label =
        static_cast<std::size_t>(std::ranges::find(header, "anomaly") - header.begin());
    if (label == header.size()) return fail(Errc::malformed, "no column 'anomaly'");
    for (std::size_t row = 0; std::getline(in, line) && row < rows.alarmed.size(); ++row)
        if (row >= kTrainingRows)
            confusion.add(rows.alarmed[row], cells_of(line, ';').at(label).starts_with('1'));
    return ok();
}

} // namespace

Result<void> report_skab(const DetectOptions& options) {
    const std::filesystem::path root = options.data / "skab";
    Confusion all;
    std::size_t files = 0;
    double ns = 0.0;
    std::size_t signals = 1;
    for (const auto& file : csv_files_below(root)) {
        const std::string name = std::filesystem::relative(file, root).string();
        if (name.starts_with("anomaly-free")) continue; // it has no labels
        HF_TRY(const std::string text, read_text(file));
        const auto sensors = sensors_of(cells_of(text.substr(0, text.find('\n')), ';'));
        HF_TRY(const Replay rows, replay(options, sensors, text));
        Confusion alone;
        HF_TRY(score(text, rows, alone));
        HF_TRY(score(text, rows, all));
        if (!options.output.empty()) write_rows(options.output / "skab" / name, rows);
        std::printf("  %-20s F1 %.3f\n", name.c_str(), alone.f1());
        ++files;
        ns += rows.ns_per_row;
        signals = sensors.size();
    }
    if (files == 0) return fail(Errc::not_found, "no experiments below " + root.string());
    std::printf("SKAB F1 %.3f, false alarms %.1f %%, missed %.1f %%, of %zu files\n", all.f1(),
                Confusion::percent(all.false_alarms, all.quiet),
                Confusion::percent(all.missed, all.hits), files);
    std::printf("SKAB %.0f ns a signal with reading and writing\n",
                ns / static_cast<double>(files * signals));
    return ok();
}

} // namespace holdfast::bench
