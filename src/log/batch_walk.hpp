#pragma once

#include "log/keys.hpp"
#include "log/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::log {

// The batches of one partition as they lie in its slices, from the one that holds an offset on.
// One thread; store and partition outlive it.
class BatchWalk {
public:
    enum class At : std::uint8_t { batch, damage, end };

    BatchWalk(const Store& store, const Partition& partition);

    // Goes to the first stored batch whose last offset is >= `offset`. Errors: io.
    [[nodiscard]] Result<At> seek(Offset offset);
    [[nodiscard]] Result<At> next();

    // Of the batch at hand. Where it is damage, only the last offset is known, or -1 if not even
    // the key can be read.
    [[nodiscard]] ByteView batch() const { return iterator_->value(); }
    [[nodiscard]] Offset last_offset() const noexcept { return last_offset_; }
    [[nodiscard]] Offset base_offset() const noexcept { return base_offset_; }
    [[nodiscard]] const Span& span() const { return spans_[span_]; }

private:
    [[nodiscard]] Result<At> seek_in_spans(Offset offset);
    [[nodiscard]] At land();
    [[nodiscard]] Result<At> failed(Error error);

    const Store& store_;
    const Partition& partition_;
    const RecordKey end_key_;
    std::vector<Span> spans_;
    std::size_t span_ = 0;
    std::optional<kv::Iterator> iterator_;
    Offset base_offset_ = 0;
    Offset last_offset_ = -1;
};

} // namespace holdfast::log
