#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/features/feature_stream.hpp>
#include <holdfast/ml/training/k_means.hpp>
#include <holdfast/ml/training/linear_regression.hpp>
#include <holdfast/ml/training/logistic_regression.hpp>
#include <holdfast/ml/training/preparation.hpp>
#include <holdfast/ml/training/principal_components.hpp>
#include <holdfast/ml/training/tree_ensemble.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::ml {

// What a model was trained on: records of a partition, [first_offset, end_offset).
struct DataRange {
    std::string stream;
    std::uint32_t partition = 0;
    std::int64_t first_offset = 0;
    std::int64_t end_offset = 0;

    friend bool operator==(const DataRange&, const DataRange&) = default;
};

// A figure of a model as its training measured it, e.g. `rmse` or `fold 2 pr_auc`. May be NaN.
struct Figure {
    std::string name;
    double value = 0.0;
};

using FittedModel =
    std::variant<LinearRegression, LogisticRegression, KMeans, PrincipalComponents, TreeEnsemble>;
// Features that it takes.
[[nodiscard]] std::size_t features_of(const FittedModel& model);

// A trained model with all that is needed to judge it, to train it again and to apply it.
struct TrainedModel {
    std::string name;     // 1 to 64 of a-z 0-9 _ -
    std::string pipeline; // the text of its pipeline file, as it was given
    std::vector<DataRange> data;
    std::int64_t first_event_ms = 0; // event times of the rows, both ends included
    std::int64_t last_event_ms = 0;
    std::uint64_t seed = 0;
    std::vector<std::string> signals;  // payload paths, in the order of a sample
    std::vector<FeatureSpec> features; // of those signals, in the order that the model takes them
    std::vector<Figure> figures;
    // What the features go through before the model sees them; none for models that take gaps.
    std::optional<Preparation> preparation;
    FittedModel model;
};

inline constexpr std::size_t kModelFileBytesMax = 256U << 20U;

// One file, docs/format/model_file.md. The model must be one that decode_model() takes: asserted
// for bounds of counts and texts.
[[nodiscard]] Bytes encode_model(const TrainedModel& model);

// Errors, each with what is wrong: malformed, not a model file at all; not_supported, of a version
// that is not known here; too_large; corrupt, cut short, changed since or of parts that do not fit
// together (a feature of a signal that is not there, a model or a preparation of other
// features). Allocates no more
// than a few times the size of `bytes`.
[[nodiscard]] Result<TrainedModel> decode_model(ByteView bytes);

} // namespace holdfast::ml
