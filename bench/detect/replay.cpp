#include "replay.hpp"

#include <holdfast/models/backtest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace holdfast::bench {
namespace {

Result<models::ModelSpec> spec_of(const DetectOptions& options,
                                  const std::vector<std::string>& columns) {
    std::string fields;
    for (const std::string& column : columns)
        fields += fmt::format("{}'\"{}\"'", fields.empty() ? "" : ", ", column);
    return models::parse_model(
        fmt::format("{{name: detect, kind: {}, source: s, fields: [{}], options: {{{}}}}}",
                    options.kind, fields, options.options),
        "detect");
}

} // namespace

Result<Replay> replay(const DetectOptions& options, const std::vector<std::string>& columns,
                      const std::string& text) {
    HF_TRY(const models::ModelSpec spec, spec_of(options, columns));
    std::istringstream in(text);
    std::stringstream out;
    const auto from = std::chrono::steady_clock::now();
    HF_TRY(const models::BacktestResult result, models::backtest(spec, {}, in, out));
    const auto took = std::chrono::steady_clock::now() - from;

    Replay replay;
    replay.ns_per_row = std::chrono::duration<double, std::nano>(took).count() /
                        static_cast<double>(std::max<std::uint64_t>(result.rows, 1));
    std::string line;
    std::getline(out, line); // time, the fields, score, alarm, details
    bool is_alarmed = false;
    while (std::getline(out, line)) {
        const std::vector<std::string> cells = cells_of(line, ',');
        const std::string& alarm = cells.at(columns.size() + 2);
        if (!alarm.empty()) is_alarmed = alarm != "cleared";
        replay.times.push_back(cells.front());
        replay.scores.push_back(std::strtod(cells.at(columns.size() + 1).c_str(), nullptr));
        replay.alarmed.push_back(is_alarmed);
    }
    return replay;
}

Result<std::string> read_text(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof()) return fail(Errc::io, "cannot read " + file.string());
    if (text.empty()) return fail(Errc::malformed, "nothing in " + file.string());
    return text;
}

std::vector<std::filesystem::path> csv_files_below(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code none; // a directory that is not there has no files
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, none))
        if (entry.path().extension() == ".csv") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> cells_of(const std::string& line, char separator) {
    std::vector<std::string> cells(1);
    bool is_quoted = false;
    for (const char c : line) {
        if (c == '"')
            is_quoted = !is_quoted;
        else if (c == separator && !is_quoted)
            cells.emplace_back();
        else if (c != '\r')
            cells.back() += c;
    }
    return cells;
}

} // namespace holdfast::bench
