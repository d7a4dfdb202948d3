#include "log/slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace holdfast::log {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::array<std::int64_t, kSliceClassCount> kLengthMs{
    10 * kMinuteMs, kHourMs,     6 * kHourMs, kDayMs,
    7 * kDayMs,     30 * kDayMs, 30 * kDayMs, std::numeric_limits<std::int64_t>::max() / 2};

constexpr std::string_view kPrefix = "slice.";

template <class Number>
bool take_number(std::string_view& text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
    return true;
}

// Written for long enough; or begun by a clock that was ahead and was set back: it would not end
// before that time comes.
bool is_old(const Slice& slice, std::int64_t now_ms) noexcept {
    constexpr std::int64_t kSetBackMs = 600'000;
    return now_ms >= slice.created_ms + slice_length_ms(slice.slice_class) ||
           (slice.slice_class != SliceClass::compacted && now_ms < slice.created_ms - kSetBackMs);
}

} // namespace

SliceClass slice_class_for(std::int64_t retention_ms) noexcept {
    if (retention_ms < 0) return SliceClass::for_ever;
    auto fitting = SliceClass::ten_minutes;
    for (auto at = SliceClass::hour; at != SliceClass::for_ever;
         at = static_cast<SliceClass>(static_cast<int>(at) + 1))
        if (slice_length_ms(at) <= retention_ms / 8) fitting = at;
    return fitting;
}

std::int64_t slice_length_ms(SliceClass slice_class) noexcept {
    return kLengthMs[static_cast<std::size_t>(slice_class)];
}

std::string slice_family_name(const Slice& slice) {
    return fmt::format("{}{:010}.{}.{}", kPrefix, slice.number, static_cast<int>(slice.slice_class),
                       slice.created_ms);
}

std::shared_ptr<Slice> slice_of_family(std::string_view name) {
    if (!name.starts_with(kPrefix)) return nullptr;
    name.remove_prefix(kPrefix.size());
    auto slice = std::make_shared<Slice>();
    std::size_t slice_class = 0;
    if (!take_number(name, slice->number) || !take_number(name, slice_class) ||
        !take_number(name, slice->created_ms) || !name.empty() || slice_class >= kSliceClassCount)
        return nullptr;
    slice->slice_class = static_cast<SliceClass>(slice_class);
    return slice;
}

void SliceSet::add_found(std::shared_ptr<Slice> slice) {
    auto& open = open_[static_cast<std::size_t>(slice->slice_class)];
    if (open) close(open, slice->created_ms);
    next_number_ = std::max(next_number_, slice->number + 1);
    by_number_[slice->number] = slice;
    open = std::move(slice);
}

Result<std::shared_ptr<Slice>> SliceSet::writable(SliceClass slice_class, std::int64_t now_ms,
                                                  std::uint64_t bytes_max, kv::Database& database) {
    auto& open = open_[static_cast<std::size_t>(slice_class)];
    const bool has_bound = slice_class != SliceClass::compacted;
    if (open &&
        (is_old(*open, now_ms) || open->is_damaged || (has_bound && open->bytes >= bytes_max)))
        close(open, now_ms);
    if (!open) {
        auto fresh = std::make_shared<Slice>();
        fresh->number = next_number_;
        fresh->slice_class = slice_class;
        fresh->created_ms = now_ms;
        HF_TRY(fresh->family, database.create_family(slice_family_name(*fresh)));
        ++next_number_;
        by_number_[fresh->number] = fresh;
        open = std::move(fresh);
    }
    return open;
}

void SliceSet::close_old(std::int64_t now_ms) {
    for (auto& open : open_)
        if (open && is_old(*open, now_ms)) close(open, now_ms);
}

void SliceSet::close_unused(std::int64_t now_ms) {
    for (auto& open : open_)
        if (open && open->span_count == 0 && open->slice_class != SliceClass::compacted)
            close(open, now_ms);
}

void SliceSet::close_open(SliceClass slice_class, std::int64_t now_ms) {
    auto& open = open_[static_cast<std::size_t>(slice_class)];
    if (open) close(open, now_ms);
}

void SliceSet::close(std::shared_ptr<Slice>& open, std::int64_t now_ms) {
    open->end_ms = std::min(now_ms, open->created_ms + slice_length_ms(open->slice_class));
    open.reset();
}

std::shared_ptr<Slice> SliceSet::find(std::uint32_t number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : found->second;
}

void SliceSet::erase(std::uint32_t number) {
    by_number_.erase(number);
}

} // namespace holdfast::log
