#include "gateway/mqtt/backlog.hpp"

#include <sys/uio.h>
#include <algorithm>
#include <cassert>
#include <cstring>

namespace holdfast::gateway {

Backlog::Backlog(Backlog&& other) noexcept
    : first_(std::move(other.first_)),
      last_(std::exchange(other.last_, nullptr)),
      blocks_(std::exchange(other.blocks_, 0)) {}

Backlog& Backlog::operator=(Backlog&& other) noexcept {
    clear();
    first_ = std::move(other.first_);
    last_ = std::exchange(other.last_, nullptr);
    blocks_ = std::exchange(other.blocks_, 0);
    return *this;
}

void Backlog::append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (last_ == nullptr || last_->end == last_->bytes.size()) {
            // Not value-initialised: a block is written before it is read.
            std::unique_ptr<Block> block(new Block);
            Block* const made = block.get();
            (last_ == nullptr ? first_ : last_->next) = std::move(block);
            last_ = made;
            ++blocks_;
        }
        const std::size_t count = std::min(bytes.size(), last_->bytes.size() - last_->end);
        std::memcpy(last_->bytes.data() + last_->end, bytes.data(), count);
        last_->end += count;
        bytes = bytes.subspan(count);
    }
}

std::size_t Backlog::front(std::span<iovec> pieces) const noexcept {
    std::size_t count = 0;
    for (Block* block = first_.get(); block != nullptr && count < pieces.size();
         block = block->next.get())
        pieces[count++] = {block->bytes.data() + block->begin, block->end - block->begin};
    return count;
}

void Backlog::consume(std::size_t count) noexcept {
    while (count != 0) {
        assert(first_);
        const std::size_t some = std::min(count, first_->end - first_->begin);
        first_->begin += some;
        count -= some;
        if (first_->begin == first_->end) drop_first();
    }
}

void Backlog::drop_first() noexcept {
    first_ = std::move(first_->next);
    if (!first_) last_ = nullptr;
    --blocks_;
}

// One by one: a long chain that ends itself would end the stack.
void Backlog::clear() noexcept {
    while (first_) drop_first();
}

} // namespace holdfast::gateway
