#include "log/aborted_cursor.hpp"

#include "log/keys.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::log {

Result<bool> AbortedCursor::covers(const record::BatchHeader& header) {
    if (!header.is_transactional()) return false;
    HF_TRY(load(header.base_offset));
    return std::any_of(loaded_.begin(), loaded_.end(), [&](const AbortedTransaction& aborted) {
        return aborted.producer_id == header.producer_id &&
               aborted.first_offset <= header.base_offset &&
               header.base_offset < aborted.marker_offset;
    });
}

Result<std::vector<AbortedTransaction>> AbortedCursor::below(Offset end) {
    HF_TRY(load(end - 1));
    std::vector<AbortedTransaction> found;
    for (const AbortedTransaction& aborted : loaded_)
        if (aborted.first_offset < end) found.push_back(aborted);
    return found;
}

Result<void> AbortedCursor::load(Offset offset) {
    if (!has_begun_) {
        has_begun_ = true;
        if (!partition_.has_aborted() || !store_.aborted) {
            complete_below_ = std::numeric_limits<Offset>::max();
            return ok();
        }
        const RecordKey end = partition_end_key(partition_.id());
        iterator_.emplace(store_.database->iterate(store_.aborted, ByteView(end)));
        iterator_->seek(record_key(partition_.id(), from_));
    }
    for (; complete_below_ <= offset; iterator_->next()) {
        if (!iterator_->valid()) {
            complete_below_ = std::numeric_limits<Offset>::max();
            return iterator_->status();
        }
        HF_TRY(const AbortedTransaction aborted,
               decode_aborted(last_offset_of(iterator_->key()), iterator_->value()));
        complete_below_ = aborted.stable_offset;
        loaded_.push_back(aborted);
    }
    return ok();
}

} // namespace holdfast::log
