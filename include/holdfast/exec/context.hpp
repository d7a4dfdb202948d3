#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/sql/expression.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::exec {

// Rows of a batch, at most.
inline constexpr std::size_t kBatchRows = 2048;

struct Limits {
    std::size_t memory_bytes_max = 64U << 20U; // of all that operators keep, and of text they make
    std::int64_t deadline_ms = std::numeric_limits<std::int64_t>::max(); // on the monotonic clock
    std::stop_token stop{}; // the one who asks has gone
};

class Profile;

// One run of a query: what it may use and what it counts. One thread at a time.
class Context final : public sql::Interrupt {
public:
    Context(Limits limits, const Clock& clock) : limits_(std::move(limits)), clock_(&clock) {}
    // For who bounds what is done otherwise and knows no clock: only interrupt_by() ends it.
    Context() noexcept { limits_.memory_bytes_max = std::numeric_limits<std::size_t>::max(); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    // One more who may end it (null: nobody). It outlives the context.
    void interrupt_by(const sql::Interrupt* interrupt) noexcept { interrupt_ = interrupt; }

    // What operators give and take is noted there (null: nowhere). It outlives the cursors.
    void profile_into(Profile* profile) noexcept { profile_ = profile; }
    [[nodiscard]] Profile* profile() const noexcept { return profile_; }

    // Asked once per batch. closed when stopped, limit_exceeded past the deadline.
    [[nodiscard]] Result<void> check() const;
    // The same for expressions, inside a batch.
    [[nodiscard]] bool is_due() const override { return !check(); }
    // limit_exceeded, naming what the memory was for.
    [[nodiscard]] Result<void> take(std::size_t bytes, std::string_view what);
    void give_back(std::size_t bytes) noexcept { used_bytes_ -= bytes; }

    [[nodiscard]] std::size_t left_bytes() const noexcept {
        return limits_.memory_bytes_max - used_bytes_;
    }
    [[nodiscard]] std::size_t used_bytes() const noexcept { return used_bytes_; }
    [[nodiscard]] std::size_t peak_bytes() const noexcept { return peak_bytes_; }

    std::uint64_t rows_read = 0;  // out of sources
    std::uint64_t damaged = 0;    // ranges that sources could not read and passed over
    std::uint64_t mismatches = 0; // values that became NULL (wrong type, x/0, out of range)
    std::uint64_t unreadable = 0; // records whose payload is damaged: NULL for what was read of it
    std::string first_unreadable; // where the first of them is, and why

private:
    Limits limits_;
    const Clock* clock_ = nullptr; // null: no deadline
    const sql::Interrupt* interrupt_ = nullptr;
    Profile* profile_ = nullptr;
    std::size_t used_bytes_ = 0;
    std::size_t peak_bytes_ = 0;
};

// Memory that one operator holds, given back with it.
class HeldMemory {
public:
    HeldMemory(Context& context, std::string_view what) : context_(context), what_(what) {}
    ~HeldMemory() { context_.give_back(bytes_); }
    HeldMemory(const HeldMemory&) = delete;
    HeldMemory& operator=(const HeldMemory&) = delete;

    [[nodiscard]] Result<void> add(std::size_t bytes);
    // limit_exceeded; then what was held stays held.
    [[nodiscard]] Result<void> hold(std::size_t bytes);
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    Context& context_;
    std::string_view what_; // a literal
    std::size_t bytes_ = 0;
};

} // namespace holdfast::exec
