#include "log/retention.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"

#include <holdfast/base/log_line.hpp>

#include <vector>

namespace holdfast::log {

namespace {

// How many of the partition's first spans have expired, by time or by the partition's size.
std::size_t count_expired(const Partition& partition, const StreamSettings& settings,
                          std::int64_t now_ms) {
    const auto& spans = partition.spans();
    std::size_t expired = 0;
    if (settings.retention_ms >= 0)
        while (expired < spans.size() && spans[expired].slice->end_ms >= 0 &&
               spans[expired].slice->end_ms + settings.retention_ms <= now_ms)
            ++expired;
    if (settings.retention_bytes >= 0) {
        std::uint64_t kept = 0;
        for (std::size_t i = expired; i < spans.size(); ++i) kept += spans[i].bytes;
        // The last span is being written: it stays.
        while (expired + 1 < spans.size() &&
               kept > static_cast<std::uint64_t>(settings.retention_bytes))
            kept -= spans[expired++].bytes;
    }
    return expired;
}

void expire_producers(Store& store, Partition& partition, std::int64_t now_ms,
                      kv::WriteBatch& batch) {
    for (const ProducerId id :
         partition.producers.expire(now_ms - store.options.producer_expiry_ms)) {
        batch.remove(store.producers, producer_key(partition.id(), id));
        --store.producer_count;
    }
}

struct Expired {
    std::shared_ptr<Partition> partition;
    std::size_t spans = 0;
    Offset log_start_offset = 0;
};

} // namespace

Result<void> expire(Store& store, std::int64_t now_ms) {
    store.slices.close_old(now_ms);
    std::vector<Expired> all;
    kv::WriteBatch batch;
    for (const auto& entry : store.streams.all())
        for (const auto& partition : entry->partitions) {
            expire_producers(store, *partition, now_ms, batch);
            Expired expired{partition, count_expired(*partition, entry->stream->settings, now_ms)};
            if (expired.spans == 0) continue;
            const auto& spans = partition->spans();
            expired.log_start_offset = expired.spans < spans.size()
                                           ? spans[expired.spans].first_offset
                                           : partition->next_offset;
            batch.put(store.meta, meta_key(MetaKind::log_start, partition->id()),
                      encode_offset(expired.log_start_offset));
            for (std::size_t i = 0; i < expired.spans; ++i)
                batch.remove(store.meta, span_key(partition->id(), spans[i].slice->number));
            const RecordKey first = record_key(partition->id(), 0);
            const RecordKey end = record_key(partition->id(), expired.log_start_offset);
            batch.remove_range(store.times, first, end);
            if (partition->has_aborted()) batch.remove_range(store.aborted, first, end);
            all.push_back(std::move(expired));
        }
    if (!batch.empty()) {
        HF_TRY(store.database->write(batch, true));
    }
    for (const Expired& expired : all) {
        expired.partition->set_log_start_offset(expired.log_start_offset);
        for (std::size_t i = 0; i < expired.spans; ++i) expired.partition->drop_first_span();
    }
    return drop_empty_slices(store);
}

Result<void> drop_empty_slices(Store& store) {
    std::vector<std::shared_ptr<Slice>> empty;
    for (const auto& [number, slice] : store.slices.all())
        if (slice->end_ms >= 0 && slice->span_count == 0) empty.push_back(slice);
    for (const auto& slice : empty) {
        HF_TRY(store.database->drop_family(slice_family_name(*slice)));
        store.slices.erase(slice->number);
        log_info("log", "dropped slice {} with about {} bytes", slice->number, slice->bytes);
    }
    return ok();
}

} // namespace holdfast::log
