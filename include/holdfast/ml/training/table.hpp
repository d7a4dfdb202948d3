#pragma once

#include <holdfast/base/result.hpp>

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

namespace holdfast::ml {

// Numbers to train on: a row for each sample, oldest first, a column for each feature in its own
// unit. NaN is a missing value. Columns lie one after the other, since that is how trees and
// decompositions read them. Holds 8 bytes a cell; whoever makes one bounds it.
class Table {
public:
    Table() = default;
    // All zero.
    Table(std::size_t rows, std::size_t columns)
        : rows_(rows), columns_(columns), values_(rows * columns) {}
    // malformed where `values`, row by row, do not fill whole rows of `columns` > 0.
    [[nodiscard]] static Result<Table> from_rows(std::span<const double> values,
                                                 std::size_t columns);

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t columns() const noexcept { return columns_; }

    [[nodiscard]] double operator()(std::size_t row, std::size_t column) const {
        assert(row < rows_ && column < columns_);
        return values_[column * rows_ + row];
    }
    [[nodiscard]] double& operator()(std::size_t row, std::size_t column) {
        assert(row < rows_ && column < columns_);
        return values_[column * rows_ + row];
    }
    // Valid while the table lives and is not assigned to.
    [[nodiscard]] std::span<const double> column(std::size_t column) const {
        assert(column < columns_);
        return std::span(values_).subspan(column * rows_, rows_);
    }
    [[nodiscard]] std::span<double> column(std::size_t column) {
        assert(column < columns_);
        return std::span(values_).subspan(column * rows_, rows_);
    }

    // `out` has room for one value a column: asserted.
    void copy_row(std::size_t row, std::span<double> out) const;
    // The rows of these numbers in this order, which may repeat: below rows(), asserted.
    [[nodiscard]] Table select(std::span<const std::size_t> rows) const;

private:
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::vector<double> values_; // column by column
};

} // namespace holdfast::ml
