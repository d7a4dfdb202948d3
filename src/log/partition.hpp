#pragma once

#include "log/producers.hpp"
#include "log/slice.hpp"

#include <holdfast/log/log.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
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

// Where the last span stands in time (time_index.hpp).
struct PartitionTime {
    static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

    bool is_known = false; // found out since the start
    std::int64_t max_ms = kNone;
    std::uint64_t bytes = 0; // behind the last entry
};

// One partition in memory. The committer changes it, anyone reads bounds and spans.
class Partition {
public:
    explicit Partition(PartitionId id) : id_(id) {}

    [[nodiscard]] PartitionId id() const noexcept { return id_; }
    [[nodiscard]] PartitionBounds bounds() const noexcept;
    [[nodiscard]] Offset log_start_offset() const noexcept { return log_start_offset_; }
    [[nodiscard]] Offset high_watermark() const noexcept { return high_watermark_; }
    // Whether a transaction was ever aborted here: asked after the last stable offset.
    [[nodiscard]] bool has_aborted() const noexcept { return has_aborted_; }
    // Offsets below it may be missing, because younger records have their keys. Asked after the
    // records were looked for.
    [[nodiscard]] Offset first_dirty_offset() const noexcept { return first_dirty_offset_; }
    // Bytes below the first dirty offset, when it was compacted, about.
    [[nodiscard]] std::uint64_t clean_bytes() const noexcept { return clean_bytes_; }
    // The spans that hold `from` and what follows, in offset order.
    [[nodiscard]] std::vector<Span> spans_from(Offset from) const;

    // The rest is for the committer thread (and recovery).
    void set_log_start_offset(Offset offset) noexcept { log_start_offset_ = offset; }
    // And with it the last stable offset, as `producers` knows it.
    void set_high_watermark(Offset offset) noexcept;
    void set_has_aborted() noexcept { has_aborted_ = true; }
    // Before the records go.
    void set_first_dirty_offset(Offset offset) noexcept { first_dirty_offset_ = offset; }
    void set_clean_bytes(std::uint64_t bytes) noexcept { clean_bytes_ = bytes; }
    void add_span(Span span);
    void add_bytes_to_last_span(std::uint64_t bytes);
    void mark_last_span_saved();
    void drop_first_span();
    // The span behind `slice`'s takes its place.
    void merge_span_into_next(const Slice& slice);
    void take_bytes_from_span(const Slice& slice, std::uint64_t bytes);
    [[nodiscard]] const std::vector<Span>& spans() const noexcept { return spans_; }
    [[nodiscard]] bool has_span_in(const Slice& slice) const noexcept;

    Offset next_offset = 0;    // the next record's; ahead of the high watermark during a write
    Offset offset_ceiling = 0; // no offset at or above it was ever given out (see Ceilings)
    bool touched = false;      // has records in the write under way
    Producers producers;
    PartitionTime time;

private:
    std::vector<Span>::iterator span_in(const Slice& slice);

    const PartitionId id_;
    std::atomic<Offset> log_start_offset_{0};
    std::atomic<Offset> high_watermark_{0};
    std::atomic<Offset> last_stable_offset_{0};
    std::atomic<Offset> first_dirty_offset_{0};
    std::atomic<std::uint64_t> clean_bytes_{0};
    std::atomic<bool> has_aborted_{false};
    mutable std::mutex mutex_;
    std::vector<Span> spans_; // guarded by mutex_; written by the committer only
};

} // namespace holdfast::log
