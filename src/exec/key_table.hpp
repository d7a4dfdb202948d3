#pragma once

#include "exec/row_store.hpp"

#include <span>
#include <vector>

namespace holdfast::exec {

// Numbers rows of values by what is equal: 0 for the first key that was met, and so on. NULL equals
// NULL, and 1 equals 1.0, as GROUP BY sees them.
class KeyTable {
public:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    KeyTable(std::size_t width, Context& context, std::string_view what)
        : keys_(width, context, what), held_(context, what), width_(width) {}

    // The number of a key, which is added where it is new. limit_exceeded.
    [[nodiscard]] Result<std::uint32_t> add(std::span<const column::Value> key);
    // kNone where it was never added.
    [[nodiscard]] std::uint32_t find(std::span<const column::Value> key) const noexcept;
    [[nodiscard]] std::uint32_t size() const noexcept { return keys_.rows(); }
    [[nodiscard]] RowStore& keys() noexcept { return keys_; }

private:
    [[nodiscard]] bool is_key(std::uint32_t number,
                              std::span<const column::Value> key) const noexcept;
    [[nodiscard]] Result<void> grow();

    RowStore keys_;
    HeldMemory held_;
    std::size_t width_;
    std::vector<std::uint64_t> hashes_; // of key `number`
    std::vector<std::uint32_t> slots_;  // open addressing; a power of two
};

} // namespace holdfast::exec
