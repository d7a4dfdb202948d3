#include "broker/record_reader.hpp"

#include <algorithm>

namespace holdfast::broker {

Result<const record::RecordView*> RecordReader::read(PartitionId partition, Offset offset) {
    auto found = std::ranges::find_if(batches_, [&](const Batch& batch) {
        return batch.partition == partition && batch.base_offset <= offset &&
               offset <= batch.last_offset;
    });
    if (found == batches_.end()) {
        found = std::ranges::min_element(batches_, {}, &Batch::used);
        if (auto loaded = load(*found, partition, offset); !loaded) {
            *found = Batch{};
            return std::move(loaded).error();
        }
    }
    found->used = ++uses_;
    const auto record =
        std::ranges::lower_bound(found->records, offset, {}, &record::RecordView::offset);
    if (record == found->records.end() || record->offset != offset)
        return fail(Errc::not_found, "the record was compacted away");
    return &*record;
}

Result<void> RecordReader::load(Batch& batch, PartitionId partition, Offset offset) {
    constexpr std::size_t kOneBatch = 1; // the first comes whatever its size
    batch.view.reset();
    batch.records.clear();
    HF_TRY(log::Fetched fetched,
           log_.fetch(partition, offset, kOneBatch, log::Isolation::uncommitted));
    if (fetched.batches.empty()) return fail(Errc::not_found, "the record is not there");
    batch.bytes = std::move(fetched.batches);
    HF_TRY(auto view, record::BatchView::open(batch.bytes));
    batch.view = std::move(view);
    batch.partition = partition;
    batch.base_offset = batch.view->header().base_offset;
    batch.last_offset = batch.view->header().last_offset();
    record::RecordView record;
    for (;;) {
        HF_TRY(const bool has_more, batch.view->next(record));
        if (!has_more) return ok();
        batch.records.push_back(record);
    }
}

} // namespace holdfast::broker
