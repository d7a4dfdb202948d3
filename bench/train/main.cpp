// Question: how good are trained models on public benchmarks, with the defaults of each method, and
// what does training cost?
// Budget: FD001 test engines RMSE <= 17.5; AI4I PR-AUC >= 0.70 over five folds; 100 boosted trees
// on 200,000 x 20 doubles <= 8 s of one core.
//
//   HF_DATA_DIR=... train [life|failures|cost]     all without a word
//
// HF_DATA_DIR names a directory with cmapss and ai4i; labels of test rows are read to score only.

#include "parts.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

using namespace holdfast;

int main(int argc, char** argv) {
    const std::string_view part = argc > 1 ? argv[1] : "all";
    const bool is_all = part == "all";
    if (!is_all && part != "life" && part != "failures" && part != "cost") {
        fmt::print(stderr, "usage: train [life|failures|cost]\n");
        return 2;
    }
    const char* directory = std::getenv("HF_DATA_DIR");
    if (directory == nullptr && part != "cost") {
        fmt::print(stderr, "train: HF_DATA_DIR names no directory with cmapss and ai4i\n");
        return 2;
    }
    const std::filesystem::path data = directory == nullptr ? "" : directory;
    if (part == "cost" || is_all) bench::cost();
    Result<void> done = ok();
    if (part == "life" || is_all) done = bench::remaining_life(data / "cmapss");
    if (done && (part == "failures" || is_all)) done = bench::failures(data / "ai4i");
    if (done) return 0;
    fmt::print(stderr, "train: {}\n", done.error().context);
    return 1;
}
