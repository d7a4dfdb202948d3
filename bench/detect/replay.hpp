#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::bench {

// What a model said of a recorded CSV, row by row.
struct Replay {
    std::vector<std::string> times;
    std::vector<double> scores;
    std::vector<bool> alarmed; // true from the row that raised to the one before it cleared
    double ns_per_row = 0.0;   // of the whole back-test, reading included
};

struct DetectOptions {
    std::filesystem::path data;   // holds nab, skab, obd
    std::string kind = "auto";    // of the models
    std::string options;          // of the models: `limit: 0.2, silence_samples: 10`; empty: none
    std::filesystem::path output; // where rows go for other scorers; empty: nowhere
};

// A model as the options say on these columns of the CSV in `text`, through models::backtest(), so
// what is measured is what runs live.
[[nodiscard]] Result<Replay> replay(const DetectOptions& options,
                                    const std::vector<std::string>& columns,
                                    const std::string& text);

// malformed, io.
[[nodiscard]] Result<std::string> read_text(const std::filesystem::path& file);
// The CSV files below a directory, in order.
[[nodiscard]] std::vector<std::filesystem::path> csv_files_below(
    const std::filesystem::path& directory);
// Cells of one line, without quotes.
[[nodiscard]] std::vector<std::string> cells_of(const std::string& line, char separator);

} // namespace holdfast::bench
