#include "history/current_store.hpp"

#include <fmt/format.h>

namespace holdfast::history {

std::shared_ptr<Store::Impl> Store::Current::get() const {
    const std::lock_guard lock(mutex_);
    return impl_;
}

Result<std::shared_ptr<Store::Impl>> Store::Current::readable() const {
    auto impl = get();
    if (!impl)
        return fail(Errc::io,
                    fmt::format("{}: closed until it can be opened again, after a failed write",
                                options_.directory.string()));
    return impl;
}

Result<std::shared_ptr<Store::Impl>> Store::Current::writable() const {
    HF_TRY(auto impl, readable());
    if (impl->has_failed())
        return fail(Errc::io, fmt::format("{}: a write failed, and it is not opened again yet",
                                          options_.directory.string()));
    return impl;
}

std::optional<Error> Store::Current::stopped() const {
    const auto impl = writable();
    if (impl) return std::nullopt;
    return impl.error();
}

// RocksDB has a lock on the directory until the last reading has let go of it. No new one begins
// meanwhile.
Result<void> Store::Current::reopen() {
    const std::lock_guard reopening(reopening_);
    {
        const std::lock_guard lock(mutex_);
        if (impl_ && !impl_->has_failed()) return ok();
        if (impl_) last_ = impl_;
        impl_.reset();
    }
    if (!last_.expired())
        return fail(Errc::closed, fmt::format("{}: closes once who reads it has ended",
                                              options_.directory.string()));
    auto fresh = std::make_shared<Impl>(options_, memory_, metrics_);
    HF_TRY(fresh->open());
    const std::lock_guard lock(mutex_);
    impl_ = std::move(fresh);
    return ok();
}

} // namespace holdfast::history
