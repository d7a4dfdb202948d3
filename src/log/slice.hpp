#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/kv/database.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::log {

// Streams of like retention share their slices. The numbers reach the disk, in family names.
enum class SliceClass : std::uint8_t {
    ten_minutes = 0,
    hour = 1,
    six_hours = 2,
    day = 3,
    week = 4,
    thirty_days = 5,
    for_ever = 6,
    compacted = 7, // of any age: what younger records replace goes from it (compaction.hpp)
};
inline constexpr std::size_t kSliceClassCount = 8;

// The longest slice that is at most an eighth of the retention (-1 = for ever).
[[nodiscard]] SliceClass slice_class_for(std::int64_t retention_ms) noexcept;
[[nodiscard]] std::int64_t slice_length_ms(SliceClass slice_class) noexcept;

// One column family that takes the records of its class for a stretch of ingest time; dropped whole
// when all in it has expired. Its identity is its family's name; fields are the committer's.
struct Slice {
    std::uint32_t number = 0; // grows over all classes, never reused while a later one exists
    SliceClass slice_class{};
    std::int64_t created_ms = 0;
    std::int64_t end_ms = -1;        // no record in it is younger; -1 while it is written
    std::uint64_t bytes = 0;         // appended so far, about
    std::size_t span_count = 0;      // partitions that still have records in it
    std::uint64_t garbage_bytes = 0; // compacted: what went and may still have its space, about
    kv::Family family;
    // Met by a reader, on any thread: new records go elsewhere, where they can be read.
    std::atomic<bool> is_damaged{false};
};

[[nodiscard]] std::string slice_family_name(const Slice& slice);
// What the name says, without family; null for a family that is no slice.
[[nodiscard]] std::shared_ptr<Slice> slice_of_family(std::string_view name);

// All slices of the database. Committer thread only (and recovery).
class SliceSet {
public:
    // Takes a slice that was found on disk; in the order of their numbers.
    void add_found(std::shared_ptr<Slice> slice);

    // The slice of the class that is written at `now_ms`: rolls over to a new one where the open
    // one is too old, damaged, or larger than `bytes_max`. Errors: those of making a column family.
    [[nodiscard]] Result<std::shared_ptr<Slice>> writable(SliceClass slice_class,
                                                          std::int64_t now_ms,
                                                          std::uint64_t bytes_max,
                                                          kv::Database& database);
    // Ends open slices that are too old to be written again.
    void close_old(std::int64_t now_ms);
    // Ends open slices that no partition has records in any more, but not the compacted one.
    void close_unused(std::int64_t now_ms);
    // Ends the one of the class, if one is open: the next writable() makes another.
    void close_open(SliceClass slice_class, std::int64_t now_ms);

    [[nodiscard]] std::shared_ptr<Slice> find(std::uint32_t number) const;
    [[nodiscard]] const std::map<std::uint32_t, std::shared_ptr<Slice>>& all() const noexcept {
        return by_number_;
    }
    void erase(std::uint32_t number);

private:
    void close(std::shared_ptr<Slice>& open, std::int64_t now_ms);

    std::map<std::uint32_t, std::shared_ptr<Slice>> by_number_;
    std::array<std::shared_ptr<Slice>, kSliceClassCount> open_;
    std::uint32_t next_number_ = 1;
};

} // namespace holdfast::log
