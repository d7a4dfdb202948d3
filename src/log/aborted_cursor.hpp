#pragma once

#include "log/producers.hpp"
#include "log/store.hpp"

#include <vector>

namespace holdfast::log {

// The aborted transactions of a partition that reach into offsets from `from` on, read as far as
// they are asked for. One thread; store and partition outlive it.
class AbortedCursor {
public:
    AbortedCursor(const Store& store, const Partition& partition, Offset from)
        : store_(store), partition_(partition), from_(from) {}

    // Whether the batch's transaction came to nothing; ask in offset order. Errors: corrupt, io.
    [[nodiscard]] Result<bool> covers(const record::BatchHeader& header);
    // All that began below `end`. Errors: corrupt, io.
    [[nodiscard]] Result<std::vector<AbortedTransaction>> below(Offset end);

private:
    // Loads those that may concern `offset`.
    [[nodiscard]] Result<void> load(Offset offset);

    const Store& store_;
    const Partition& partition_;
    const Offset from_;
    bool has_begun_ = false;
    Offset complete_below_ = 0; // what follows on disk began here or above
    std::optional<kv::Iterator> iterator_;
    std::vector<AbortedTransaction> loaded_;
};

} // namespace holdfast::log
