#pragma once

#include "history/store_impl.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace holdfast::history {

// The open database of a store, with all that is known of it in memory; another takes its place
// after a failed write, once nobody reads the first any more. Thread-safe.
class Store::Current {
public:
    Current(StoreOptions options, MemoryAccount& memory, Metrics& metrics)
        : options_(std::move(options)), memory_(memory), metrics_(metrics) {}

    // Null while it is closed.
    [[nodiscard]] std::shared_ptr<Impl> get() const;
    // Errors: io, while it is closed.
    [[nodiscard]] Result<std::shared_ptr<Impl>> readable() const;
    // Errors: io, also where a write failed.
    [[nodiscard]] Result<std::shared_ptr<Impl>> writable() const;
    [[nodiscard]] std::optional<Error> stopped() const;
    [[nodiscard]] Result<void> reopen();

private:
    const StoreOptions options_;
    MemoryAccount& memory_;
    Metrics& metrics_;
    std::mutex reopening_;     // by one at a time
    std::weak_ptr<Impl> last_; // guarded by reopening_
    mutable std::mutex mutex_;
    std::shared_ptr<Impl> impl_; // guarded by mutex_
};

} // namespace holdfast::history
