#pragma once

#include "log/slice.hpp"

#include <holdfast/log/log.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace holdfast::log {

// The stretch of a partition that lies in one slice: from `first_offset` to the next span.
struct Span {
    std::shared_ptr<Slice> slice;
    Offset first_offset = 0;
    std::uint64_t bytes = 0;       // about: what was appended to it
    std::uint64_t bytes_saved = 0; // as it stands in the metadata
};

// One partition in memory. The committer changes it, anyone reads bounds and spans.
class Partition {
public:
    explicit Partition(PartitionId id) : id_(id) {}

    [[nodiscard]] PartitionId id() const noexcept { return id_; }
    [[nodiscard]] PartitionBounds bounds() const noexcept;
    [[nodiscard]] Offset log_start_offset() const noexcept { return log_start_offset_; }
    [[nodiscard]] Offset high_watermark() const noexcept { return high_watermark_; }
    // The spans that hold `from` and what follows, in offset order.
    [[nodiscard]] std::vector<Span> spans_from(Offset from) const;

    // The rest is for the committer thread (and recovery).
    void set_log_start_offset(Offset offset) noexcept { log_start_offset_ = offset; }
    void set_high_watermark(Offset offset) noexcept { high_watermark_ = offset; }
    void add_span(Span span);
    void add_bytes_to_last_span(std::uint64_t bytes);
    void mark_last_span_saved();
    void drop_first_span();
    [[nodiscard]] const std::vector<Span>& spans() const noexcept { return spans_; }

    Offset next_offset = 0;    // the next record's; ahead of the high watermark during a write
    Offset offset_ceiling = 0; // no offset at or above it was ever given out (see Ceilings)
    bool touched = false;      // has records in the write under way

private:
    const PartitionId id_;
    std::atomic<Offset> log_start_offset_{0};
    std::atomic<Offset> high_watermark_{0};
    mutable std::mutex mutex_;
    std::vector<Span> spans_; // guarded by mutex_; written by the committer only
};

} // namespace holdfast::log
