#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/exec/context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::exec {

// The state of one operator in one run. Pulled batch by batch.
class Cursor {
public:
    virtual ~Cursor() = default;
    // Fills `out` with at most kBatchRows rows, or returns false at the end (and then always).
    // Columns and their text are borrowed from the cursor until its next call. A batch without
    // rows is no end.
    [[nodiscard]] virtual Result<bool> next(column::Frame& out) = 0;
};

// What is done to rows. Immutable: any number of runs, on any threads, share it.
class Operator {
public:
    virtual ~Operator() = default;
    // The operator and `context` must outlive the cursor. Where the context has a profile, what the
    // cursor gives is noted there.
    [[nodiscard]] Result<std::unique_ptr<Cursor>> open(Context& context) const;
    // For EXPLAIN: one line, and what it reads from.
    [[nodiscard]] virtual std::string describe() const = 0;
    [[nodiscard]] virtual std::vector<const Operator*> inputs() const = 0;

private:
    [[nodiscard]] virtual Result<std::unique_ptr<Cursor>> start(Context& context) const = 0;
};
using OperatorPtr = std::unique_ptr<Operator>;

} // namespace holdfast::exec
