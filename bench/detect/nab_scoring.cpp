#include "nab_scoring.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::bench {
namespace {

constexpr double kFalseWeight = 0.11; // standard profile: found 1, missed 1, false 0.11
constexpr double kProbation = 0.15;
constexpr double kProbationRows = 5000.0; // of which the probation share is taken at most

double sigmoid(double at) {
    return at > 3.0 ? -1.0 : 2.0 / (1.0 + std::exp(5.0 * at)) - 1.0;
}

struct Row {
    double score = 0.0;
    double worth = 0.0;         // of a detection here
    std::ptrdiff_t window = -1; // over the corpus; -1: outside
};

// What a detection in each row would be worth, without the rows of the probation.
void add_rows(const NabSeries& series, std::size_t first_window, std::vector<Row>& rows) {
    const std::size_t count = series.scores.size();
    const auto probation = static_cast<std::size_t>(
        std::min(std::floor(kProbation * static_cast<double>(count)), kProbation * kProbationRows));
    std::size_t next = 0; // window that has not ended
    for (std::size_t at = 0; at < count; ++at) {
        while (next < series.windows.size() && at > series.windows[next].second) ++next;
        Row row;
        row.score = std::isnan(series.scores[at]) ? -1.0 : series.scores[at];
        row.worth = -kFalseWeight;
        if (next < series.windows.size() && at >= series.windows[next].first) {
            const auto& [first, last] = series.windows[next];
            const auto width = static_cast<double>(last - first + 1);
            row.window = static_cast<std::ptrdiff_t>(first_window + next);
            row.worth = sigmoid(-static_cast<double>(last - at + 1) / width) / sigmoid(-1.0);
        } else if (next > 0) {
            const auto& [first, last] = series.windows[next - 1];
            const double width = std::max(static_cast<double>(last - first), 1e-12);
            row.worth = kFalseWeight * sigmoid(static_cast<double>(at - last) / width);
        }
        if (at >= probation) rows.push_back(row);
    }
}

// Adds rows from the highest score on, and looks after each distinct score.
NabScore sweep(const std::vector<NabSeries>& corpus, const double* fixed) {
    std::vector<Row> rows;
    std::size_t windows = 0;
    for (const NabSeries& series : corpus) {
        add_rows(series, windows, rows);
        windows += series.windows.size();
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.score > b.score; });
    const auto missed = static_cast<double>(windows);
    NabScore now;
    now.windows = windows;
    now.threshold = fixed != nullptr ? *fixed : 1.1;
    NabScore best = now;
    double gain = 0.0;
    double best_gain = 0.0;
    std::vector<double> held(windows, -1.0); // what each window gives so far
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        if (fixed != nullptr && row.score < *fixed) break;
        if (row.window < 0) {
            gain += row.worth;
            ++now.false_rows;
        } else {
            double& hold = held[static_cast<std::size_t>(row.window)];
            if (hold < 0.0) ++now.found;
            gain += std::max(row.worth, hold) - hold;
            hold = std::max(row.worth, hold);
        }
        const bool is_last_of_score = i + 1 == rows.size() || rows[i + 1].score != row.score;
        if (!is_last_of_score || (fixed == nullptr && gain <= best_gain)) continue;
        best_gain = gain;
        best = now;
        if (fixed == nullptr) best.threshold = row.score;
    }
    if (windows > 0) best.normalised = 100.0 * best_gain / (2.0 * missed);
    return best;
}

} // namespace

NabScore nab_score(const std::vector<NabSeries>& corpus, double threshold) {
    return sweep(corpus, &threshold);
}

NabScore nab_score_best(const std::vector<NabSeries>& corpus) {
    return sweep(corpus, nullptr);
}

} // namespace holdfast::bench
