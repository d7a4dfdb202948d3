#pragma once

#include <holdfast/ml/training/cross_validation.hpp>
#include <holdfast/ml/training/model_file.hpp>
#include <holdfast/pipeline/samples.hpp>

#include <string>
#include <vector>

namespace holdfast::pipeline {

struct CandidateReport {
    std::string text;
    ml::Evaluation evaluation; // figures only: without rows and what was predicted for them
};

// Target less prediction over the test rows, in the target's unit.
struct Residuals {
    double mean = 0.0;
    double deviation = 0.0; // n in its denominator
    double min = 0.0;
    double quarter = 0.0; // a quarter of the rows is at most that; the next two alike
    double median = 0.0;
    double three_quarters = 0.0;
    double max = 0.0;
};

struct Importance {
    std::string feature;
    double part = 0.0;
};

struct Report {
    std::string name;
    std::string target;
    bool is_remaining_life = false; // the only target that the PHM score means something for
    std::uint64_t seed = 0;
    std::size_t samples = 0;
    std::size_t without_target = 0;
    std::size_t devices = 0;
    std::size_t train_rows = 0;
    std::size_t test_rows = 0;
    std::int64_t first_event_ms = 0;
    std::int64_t last_event_ms = 0;
    std::vector<CandidateReport> candidates;
    std::size_t best = 0;               // of the largest merit, the earlier of equals
    ml::Scores test;                    // of the best, trained on all rows before the test
    Residuals residuals;                // of values only
    std::vector<Importance> importance; // of the chosen features, the largest first
};

struct Trained {
    Report report;
    ml::TrainedModel model; // its `data` is empty: the caller knows where rows came from
};

// Finds the best candidate by folds of all rows but those of the test, trains it on these, and
// tests it. The same plan and rows give the same model and report.
//
// malformed: rows or devices that do not make the split, those of the methods, each with the fold
// and the candidate; closed: cancelled. Cost: a fit for each candidate and fold, and one more.
[[nodiscard]] Result<Trained> train(const Plan& plan, const TrainingRows& rows,
                                    const ml::RunControl& control = {});

// docs/training.md, "The report".
[[nodiscard]] std::string report_text(const Report& report);
[[nodiscard]] std::string report_json(const Report& report);

} // namespace holdfast::pipeline
