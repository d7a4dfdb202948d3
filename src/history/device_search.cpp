#include "history/device_search.hpp"

#include <holdfast/record/batch_view.hpp>

#include <algorithm>

namespace holdfast::history {
namespace {

constexpr std::size_t kFetchBytes = 1U << 20U;

Result<bool> has_key(ByteView batches, ByteView key) {
    for (ByteView rest = batches; !rest.empty();) {
        HF_TRY(const auto header, record::decode_batch_header(rest));
        HF_TRY(auto batch, record::BatchView::open_fetched(rest));
        rest = rest.subspan(std::min(rest.size(), header.size_bytes()));
        if (header.is_control()) continue;
        for (record::RecordView record;;) {
            HF_TRY(const bool any, batch.next(record));
            if (!any) break;
            if (record.key && as_text(*record.key) == as_text(key)) return true;
        }
    }
    return false;
}

} // namespace

Result<bool> may_lie_in_log(const log::Log& log, StreamId stream, std::string_view device,
                            std::size_t bytes_max) {
    const auto known = log.find_stream(stream);
    if (!known) return fail(Errc::not_found, "there is no such stream");
    std::size_t bytes = 0;
    for (PartitionIndex index = 0; index < known->settings.partitions; ++index) {
        const PartitionId partition{stream, index};
        HF_TRY(const auto bounds, log.bounds(partition));
        for (Offset at = bounds.log_start_offset; at < bounds.high_watermark;) {
            if (bytes >= bytes_max) return true;
            // Transactions that are under way, or were given up, lie there, too.
            const auto fetched = log.fetch(partition, at, kFetchBytes, log::Isolation::uncommitted);
            if (!fetched && fetched.error().code == Errc::io) return fetched.error();
            if (!fetched) return true; // damaged, or retention went past it just now
            const auto found = has_key(fetched.value().batches, as_bytes(device));
            if (!found || found.value()) return true;
            if (fetched.value().next_offset == at) break;
            bytes += fetched.value().batches.size();
            at = fetched.value().next_offset;
        }
    }
    return false;
}

} // namespace holdfast::history
