#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace holdfast::broker {

// A growing run of bytes that stays contiguous: positions are offsets, because growth moves it.
// Never zero-initialised. clear() keeps the memory up to a bound.
class GrowingArena {
public:
    // Room for `count` bytes at the end; the pointer is good until the next call.
    [[nodiscard]] std::byte* extend(std::size_t count) {
        if (size_ + count > capacity_) grow(count);
        std::byte* at = bytes_.get() + size_;
        size_ += count;
        return at;
    }
    void append(const void* from, std::size_t count) {
        if (count != 0) std::memcpy(extend(count), from, count);
    }
    [[nodiscard]] std::byte* data() noexcept { return bytes_.get(); }
    [[nodiscard]] const std::byte* data() const noexcept { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    void clear(std::size_t keep_bytes_max) noexcept {
        size_ = 0;
        if (capacity_ > keep_bytes_max) {
            bytes_.reset();
            capacity_ = 0;
        }
    }

private:
    void grow(std::size_t count) {
        const std::size_t wanted =
            std::max(size_ + count, std::max<std::size_t>(4096, capacity_ * 2));
        auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
        if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
        bytes_ = std::move(larger);
        capacity_ = wanted;
    }

    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

// Bytes whose addresses stay put until clear(): what one turn writes and sends at its end.
class StableArena {
public:
    [[nodiscard]] std::byte* allocate(std::size_t count) {
        if (blocks_.empty() || used_ + count > blocks_.back().size) {
            const std::size_t size = std::max(count, kBlockBytes);
            blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
            full_ += used_;
            used_ = 0;
        }
        std::byte* at = blocks_.back().bytes.get() + used_;
        used_ += count;
        return at;
    }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return full_ + used_; }
    // Keeps one block of the ordinary size.
    void clear() noexcept {
        if (blocks_.size() > 1 || (!blocks_.empty() && blocks_.front().size > kBlockBytes))
            blocks_.clear();
        used_ = full_ = 0;
    }

private:
    static constexpr std::size_t kBlockBytes = 64 * 1024;
    struct Block {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size;
    };
    std::vector<Block> blocks_;
    std::size_t used_ = 0; // of the last block
    std::size_t full_ = 0; // of those before
};

} // namespace holdfast::broker
