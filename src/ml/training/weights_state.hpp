#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

// What linear and logistic regression are saved as: a weight for each feature and the intercept.
struct Weights {
    std::vector<double> of_features;
    double intercept = 0.0;
};

void save_weights(Bytes& out, std::uint8_t version, std::span<const double> of_features,
                  double intercept);
// corrupt where the bytes are not what save_weights() wrote with this version; `what` is named.
[[nodiscard]] Result<Weights> restore_weights(ByteView bytes, std::uint8_t version,
                                              const char* what);

} // namespace holdfast::ml
