#include <holdfast/exec/context.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::exec {

Result<void> Context::check() const {
    if (limits_.stop.stop_requested()) return fail(Errc::closed, "the query was cancelled");
    if (interrupt_ != nullptr && interrupt_->is_due())
        return fail(Errc::closed, "it was interrupted");
    if (clock_ != nullptr && clock_->monotonic_ms() > limits_.deadline_ms)
        return fail(Errc::limit_exceeded, "the query took longer than it may");
    return ok();
}

Result<void> Context::take(std::size_t bytes, std::string_view what) {
    if (bytes > limits_.memory_bytes_max || used_bytes_ > limits_.memory_bytes_max - bytes)
        return fail(Errc::limit_exceeded,
                    fmt::format("{} needs more than the query's {} MiB of memory", what,
                                limits_.memory_bytes_max >> 20U));
    used_bytes_ += bytes;
    peak_bytes_ = std::max(peak_bytes_, used_bytes_);
    return ok();
}

Result<void> HeldMemory::add(std::size_t bytes) {
    HF_TRY(context_.take(bytes, what_));
    bytes_ += bytes;
    return ok();
}

Result<void> HeldMemory::hold(std::size_t bytes) {
    if (bytes > bytes_) return add(bytes - bytes_);
    context_.give_back(bytes_ - bytes);
    bytes_ = bytes;
    return ok();
}

} // namespace holdfast::exec
