#pragma once

#include <holdfast/ml/training/table.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

inline constexpr std::size_t kValueBinsMax = 255;
inline constexpr std::uint8_t kMissingBin = 255;
inline constexpr std::size_t kBinCodes = 256; // value bins and the missing one

// A table whose values are replaced by one byte each: which of at most 255 ranges of their feature
// they lie in, or that they are missing. Trees then find splits by counting instead of sorting.
//
// Up to 255 different values have a range each, parted in the middle between neighbours; more are
// parted so that ranges hold about as many rows each. Of more than 200,000 rows, so many drawn at
// random decide. Holds 1 byte a cell.
class BinnedTable {
public:
    // `x` is finite or NaN. Cost: O(m n log n).
    explicit BinnedTable(const Table& x);

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t features() const noexcept { return thresholds_.size(); }
    [[nodiscard]] std::span<const std::uint8_t> codes(std::size_t feature) const {
        return std::span(codes_).subspan(feature * rows_, rows_);
    }
    // Values with a code up to i are <= thresholds(feature)[i]; one more code than thresholds.
    [[nodiscard]] std::span<const double> thresholds(std::size_t feature) const {
        return thresholds_[feature];
    }

private:
    std::size_t rows_;
    std::vector<std::uint8_t> codes_; // feature by feature
    std::vector<std::vector<double>> thresholds_;
};

} // namespace holdfast::ml
