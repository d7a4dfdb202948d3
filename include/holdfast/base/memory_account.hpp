#pragma once

#include <atomic>
#include <cstddef>

namespace holdfast {

// The one account of bytes that queues hold on behalf of peers (invariant 6). Thread-safe.
// Whoever queues asks first, and applies its own policy when refused.
class MemoryAccount {
public:
    explicit MemoryAccount(std::size_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

    // Takes `bytes`, or takes nothing and returns false where the limit would be passed.
    [[nodiscard]] bool try_take(std::size_t bytes) noexcept {
        const std::size_t before = used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
        if (before + bytes <= limit_bytes_) return true;
        used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
        return false;
    }
    // Takes them whatever the limit says: for what is there already, and pays by itself.
    void take(std::size_t bytes) noexcept {
        used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void give_back(std::size_t bytes) noexcept {
        used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    [[nodiscard]] std::size_t used_bytes() const noexcept {
        return used_bytes_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::size_t free_bytes() const noexcept {
        const std::size_t used = used_bytes();
        return used < limit_bytes_ ? limit_bytes_ - used : 0;
    }
    [[nodiscard]] std::size_t limit_bytes() const noexcept { return limit_bytes_; }

private:
    const std::size_t limit_bytes_;
    std::atomic<std::size_t> used_bytes_{0};
};

} // namespace holdfast
