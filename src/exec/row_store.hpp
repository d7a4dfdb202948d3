#pragma once

#include <holdfast/exec/operator.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace holdfast::exec {

// Rows that an operator keeps, with their text, accounted against the query's memory.
class RowStore {
public:
    RowStore(std::size_t width, Context& context, std::string_view what)
        : width_(width), held_(context, what) {}

    [[nodiscard]] Result<void> append(const column::Frame& frame);
    [[nodiscard]] Result<void> append(std::span<const column::Value> row);

    [[nodiscard]] std::uint32_t rows() const noexcept { return rows_; }
    [[nodiscard]] column::Value at(std::uint32_t row, std::size_t column) const noexcept {
        return chunks_[row / kBatchRows]->columns[column].at(row % kBatchRows);
    }
    // The `index`-th batch of up to kBatchRows rows, in the order in which they came; false behind
    // the last. Borrowed from the store.
    [[nodiscard]] bool batch(std::size_t index, column::Frame& out);
    // Row i of `out[c]` is row `picked[i]`; kNoRow gives NULLs.
    static constexpr std::uint32_t kNoRow = UINT32_MAX;
    void gather(std::span<const std::uint32_t> picked, std::vector<column::Column>& out) const;

private:
    struct Chunk {
        std::vector<column::Column> columns;
    };
    [[nodiscard]] Result<void> grow();
    [[nodiscard]] Result<void> set(std::size_t column, const column::Value& value);

    std::size_t width_;
    HeldMemory held_;
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<column::Column> last_batch_; // the rows of a chunk that is not full
    column::TextArena texts_;
    std::uint32_t rows_ = 0;
};

} // namespace holdfast::exec
