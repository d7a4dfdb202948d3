#pragma once

#include <holdfast/base/memory_account.hpp>

#include <cstddef>

namespace holdfast::gateway {

// Bytes of one request's body in the account of all queues.
class TakenBytes {
public:
    explicit TakenBytes(MemoryAccount& account) : account_(account) {}
    TakenBytes(const TakenBytes&) = delete;
    TakenBytes& operator=(const TakenBytes&) = delete;
    ~TakenBytes() { account_.give_back(bytes_); }
    [[nodiscard]] bool take(std::size_t bytes) {
        if (!account_.try_take(bytes)) return false;
        bytes_ += bytes;
        return true;
    }

private:
    MemoryAccount& account_;
    std::size_t bytes_ = 0;
};

} // namespace holdfast::gateway
