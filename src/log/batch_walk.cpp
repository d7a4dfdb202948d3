#include "log/batch_walk.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/record/batch_view.hpp>

namespace holdfast::log {

namespace {

constexpr std::size_t kCrcAt = 17; // in a batch; it covers all that follows it

bool is_sound(ByteView batch, Offset last_offset) {
    const auto header = record::decode_batch_header(batch);
    return header && header.value().size_bytes() == batch.size() &&
           header.value().last_offset() == last_offset &&
           crc32c(batch.subspan(kCrcAt + 4)) == header.value().crc;
}

} // namespace

BatchWalk::BatchWalk(const Store& store, const Partition& partition)
    : store_(store), partition_(partition), end_key_(partition_end_key(partition.id())) {}

Result<BatchWalk::At> BatchWalk::seek(Offset offset) {
    spans_ = partition_.spans_from(offset);
    span_ = 0;
    return seek_in_spans(offset);
}

Result<BatchWalk::At> BatchWalk::next() {
    const Offset behind = last_offset_ + 1;
    iterator_->next();
    if (iterator_->valid()) return land();
    if (auto status = iterator_->status(); !status) return failed(std::move(status).error());
    ++span_;
    return seek_in_spans(behind);
}

Result<BatchWalk::At> BatchWalk::seek_in_spans(Offset offset) {
    for (; span_ < spans_.size(); ++span_) {
        iterator_.emplace(
            store_.database->iterate(spans_[span_].slice->family, ByteView(end_key_)));
        iterator_->seek(record_key(partition_.id(), offset));
        if (iterator_->valid()) return land();
        if (auto status = iterator_->status(); !status) return failed(std::move(status).error());
    }
    return At::end;
}

// A batch that does not check is damage with a known end; one that RocksDB cannot read has none.
BatchWalk::At BatchWalk::land() {
    last_offset_ = last_offset_of(iterator_->key());
    const ByteView batch = iterator_->value();
    if (!is_sound(batch, last_offset_)) return At::damage;
    base_offset_ = static_cast<Offset>(load_u64_be(batch.data()));
    return At::batch;
}

Result<BatchWalk::At> BatchWalk::failed(Error error) {
    last_offset_ = -1;
    if (error.code == Errc::corrupt) {
        spans_[span_].slice->is_damaged = true;
        return At::damage;
    }
    return error;
}

} // namespace holdfast::log
