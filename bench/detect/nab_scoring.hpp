#pragma once

#include <string>
#include <utility>
#include <vector>

namespace holdfast::bench {

// One labelled series: a score for each row, and the rows (first and last) of its anomaly windows.
struct NabSeries {
    std::string name;
    std::vector<double> scores;
    std::vector<std::pair<std::size_t, std::size_t>> windows; // in order, not overlapping
};

struct NabScore {
    double normalised = 0.0; // 100: every window found at its start; 0: as with no alarm at all
    double threshold = 0.0;
    std::size_t found = 0;
    std::size_t windows = 0;
    std::size_t false_rows = 0; // rows past the threshold outside windows
};

// The score of the Numenta Anomaly Benchmark, standard profile, over all series with one threshold.
// Within a window the earliest detection counts, weighted by a sigmoid of its place; a missed
// window costs 1, a row outside windows up to 0.11, less close behind one; the first 15 % of a
// series (750 rows at most) do not count. Source: Lavin and Ahmad, "Evaluating real-time anomaly
// detection algorithms", ICMLA 2015, section III; numenta/NAB 1.1, sweeper.py.
[[nodiscard]] NabScore nab_score(const std::vector<NabSeries>& corpus, double threshold);
// The same with the threshold that gives the most.
[[nodiscard]] NabScore nab_score_best(const std::vector<NabSeries>& corpus);

} // namespace holdfast::bench
