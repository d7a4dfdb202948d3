#include "log/key_placement.hpp"

#include "log/stream_writer.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/message_view.hpp>
#include <holdfast/record/partitioner.hpp>

namespace holdfast::log {

bool keys_lie_in(PartitionIndex partition, PartitionIndex partitions, ByteView batch) {
    if (partitions == 1) return true;
    auto view = record::BatchView::open(batch);
    if (!view) return false;
    for (record::RecordView record;;) {
        const auto more = view.value().next(record);
        if (!more) return false;
        if (!more.value()) return true;
        if (!record.key || record::partition_for(*record.key, partitions) == partition) continue;
        if (!record::read_message(record).is_tick) return false;
    }
}

Result<void> forget_key_placement(Store& store, const StreamEntry& entry) {
    auto stream = std::make_shared<Stream>(*entry.stream);
    stream->keys_in_place = false;
    HF_TRY(save_stream(store, *stream));
    log_info("log",
             "stream '{}': a record lies in another partition than its key's; queries of "
             "one device read all partitions from now on",
             stream->settings.name);
    store.streams.put(
        std::make_shared<const StreamEntry>(StreamEntry{std::move(stream), entry.partitions}));
    return ok();
}

} // namespace holdfast::log
