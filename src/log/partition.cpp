#include "log/partition.hpp"

#include <algorithm>

namespace holdfast::log {

PartitionBounds Partition::bounds() const noexcept {
    // The start first: it never passes a high watermark that is read after it.
    PartitionBounds bounds;
    bounds.log_start_offset = log_start_offset_;
    bounds.last_stable_offset = std::max<Offset>(last_stable_offset_, bounds.log_start_offset);
    bounds.high_watermark = high_watermark_;
    return bounds;
}

void Partition::set_high_watermark(Offset offset) noexcept {
    high_watermark_ = offset; // before the one that must not pass it
    last_stable_offset_ = producers.stable_offset(offset);
}

std::vector<Span> Partition::spans_from(Offset from) const {
    const std::lock_guard lock(mutex_);
    auto behind = std::upper_bound(
        spans_.begin(), spans_.end(), from,
        [](Offset offset, const Span& span) { return offset < span.first_offset; });
    if (behind != spans_.begin()) --behind;
    return {behind, spans_.end()};
}

bool Partition::has_span_in(const Slice& slice) const noexcept {
    return std::any_of(spans_.begin(), spans_.end(),
                       [&](const Span& span) { return span.slice.get() == &slice; });
}

void Partition::add_span(Span span) {
    ++span.slice->span_count;
    const std::lock_guard lock(mutex_);
    spans_.push_back(std::move(span));
}

void Partition::add_bytes_to_last_span(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    spans_.back().bytes += bytes;
    spans_.back().slice->bytes += bytes;
}

void Partition::mark_last_span_saved() {
    const std::lock_guard lock(mutex_);
    spans_.back().bytes_saved = spans_.back().bytes;
}

void Partition::drop_first_span() {
    const std::lock_guard lock(mutex_);
    --spans_.front().slice->span_count;
    spans_.front().slice->garbage_bytes += spans_.front().bytes;
    spans_.erase(spans_.begin());
}

void Partition::merge_span_into_next(const Slice& slice) {
    const std::lock_guard lock(mutex_);
    const auto at = span_in(slice);
    at->slice->bytes -= std::min(at->slice->bytes, at->bytes);
    --at->slice->span_count;
    const auto next = at + 1;
    next->first_offset = at->first_offset;
    next->bytes += at->bytes;
    next->slice->bytes += at->bytes;
    spans_.erase(at);
}

void Partition::take_bytes_from_span(const Slice& slice, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto at = span_in(slice);
    bytes = std::min(bytes, at->bytes);
    at->bytes -= bytes;
    at->slice->bytes -= std::min(at->slice->bytes, bytes);
    at->slice->garbage_bytes += bytes;
}

std::vector<Span>::iterator Partition::span_in(const Slice& slice) {
    return std::find_if(spans_.begin(), spans_.end(),
                        [&](const Span& span) { return span.slice.get() == &slice; });
}

} // namespace holdfast::log
