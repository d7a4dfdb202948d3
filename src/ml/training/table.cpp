#include <holdfast/ml/training/table.hpp>

#include <fmt/format.h>

namespace holdfast::ml {

Result<Table> Table::from_rows(std::span<const double> values, std::size_t columns) {
    if (columns == 0 || values.size() % columns != 0)
        return fail(Errc::malformed, fmt::format("{} values do not make rows of {} columns",
                                                 values.size(), columns));
    Table table(values.size() / columns, columns);
    for (std::size_t row = 0; row < table.rows(); ++row)
        for (std::size_t column = 0; column < columns; ++column)
            table(row, column) = values[row * columns + column];
    return table;
}

void Table::copy_row(std::size_t row, std::span<double> out) const {
    assert(out.size() == columns_);
    for (std::size_t column = 0; column < columns_; ++column) out[column] = (*this)(row, column);
}

Table Table::select(std::span<const std::size_t> rows) const {
    Table out(rows.size(), columns_);
    for (std::size_t column = 0; column < columns_; ++column) {
        const std::span<const double> from = this->column(column);
        const std::span<double> to = out.column(column);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            assert(rows[i] < rows_);
            to[i] = from[rows[i]];
        }
    }
    return out;
}

} // namespace holdfast::ml
