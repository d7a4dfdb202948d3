#pragma once

#include <holdfast/column/value.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::column {

// Text of a batch's cells: addresses stay put until clear(). Not thread-safe.
class TextArena {
public:
    // Past the limit the copy is empty, and is_full() until clear(): whoever set a limit asks, and
    // then throws the batch away.
    [[nodiscard]] std::string_view keep(std::string_view text);
    void clear() noexcept; // keeps one block

    void set_limit(std::size_t bytes_max) noexcept { bytes_max_ = bytes_max; } // else none
    [[nodiscard]] bool is_full() const noexcept { return is_full_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; } // of all blocks

private:
    [[nodiscard]] bool grow(std::size_t size);

    static constexpr std::size_t kBlockBytes = 64 * 1024;
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::size_t size = 0;
    };
    std::vector<Block> blocks_;
    std::size_t used_ = 0; // of the last block
    std::size_t bytes_ = 0;
    std::size_t bytes_max_ = std::numeric_limits<std::size_t>::max();
    bool is_full_ = false;
};

// One column of a batch. JSON decides the type row by row, so each row carries its own; a column
// whose rows agree says so in uniform_type(), and kernels then run a plain loop over words().
//
// The row's type is its validity: Type::null is the cleared bit. Text is borrowed (TextArena).
class Column {
public:
    Column() = default;

    // `rows` NULLs.
    void reset(std::size_t rows);
    void set(std::size_t row, const Value& value);
    [[nodiscard]] Value at(std::size_t row) const noexcept;

    [[nodiscard]] std::size_t rows() const noexcept { return types_.size(); }
    [[nodiscard]] Type type_at(std::size_t row) const noexcept { return types_[row]; }
    // The type of every row, or Type::null where rows differ or are NULL. O(rows).
    [[nodiscard]] Type uniform_type() const noexcept;

    // Fixed-size payloads: the int64, boolean, timestamp or the bits of the double of each row.
    [[nodiscard]] const std::int64_t* words() const noexcept { return words_.data(); }
    // Makes every row of `type` and gives their words to fill. Not for text or null.
    [[nodiscard]] std::int64_t* fill(Type type, std::size_t rows);

    // Row i of the result is row rows[i] of this one.
    [[nodiscard]] Column gather(const std::vector<std::uint32_t>& rows) const;

private:
    std::vector<Type> types_;
    std::vector<std::int64_t> words_;
    std::vector<std::string_view> texts_; // empty until the first text; else one per row
};

// Columns of the same number of rows, borrowed: what an expression is evaluated over.
struct Frame {
    std::vector<const Column*> columns;
    std::size_t rows = 0;
};

} // namespace holdfast::column
