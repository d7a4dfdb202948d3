#include <gateway/rest/record_scan.hpp>

#include <gateway/base64.hpp>
#include <holdfast/base/bytes.hpp>

#include <algorithm>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kFetchBytes = 1U << 20U;

struct Scan {
    const RecordFilter& filter;
    const std::function<bool(const record::RecordView&)>& each;
    Offset next;
    bool is_enough = false;

    Result<void> take(ByteView bytes) {
        HF_TRY(auto batch, record::BatchView::open(bytes));
        record::RecordView record;
        for (;;) {
            HF_TRY(const bool has_more, batch.next(record));
            if (!has_more) break;
            if (record.offset < next) continue;
            next = record.offset + 1;
            if (filter.takes(record) && !each(record)) {
                is_enough = true;
                return ok();
            }
        }
        next = std::max(next, batch.header().last_offset() + 1);
        return ok();
    }
};

} // namespace

bool RecordFilter::takes(const record::RecordView& record) const {
    if (record.timestamp_ms < from_ms || record.timestamp_ms >= to_ms) return false;
    return !key || (record.key && as_text(*record.key) == *key);
}

Result<RecordFilter> read_filter(const HttpRequest& request) {
    RecordFilter filter;
    if (const auto text = request.query_value("key")) filter.key = *text;
    if (const auto text = request.query_value("key_base64")) {
        if (filter.key) return fail(Errc::malformed, "either key or key_base64, not both");
        auto key = from_base64(*text);
        if (!key) return fail(Errc::malformed, "key_base64: " + key.error().context);
        filter.key = std::move(key).value();
    }
    HF_TRY(const auto from, request.time_ms("from"));
    HF_TRY(const auto to, request.time_ms("to"));
    filter.from_ms = from.value_or(filter.from_ms);
    filter.to_ms = to.value_or(filter.to_ms);
    return filter;
}

Result<Offset> scan_records(const log::Log& log, PartitionId partition, Offset from,
                            std::size_t bytes_max, const RecordFilter& filter,
                            const std::function<bool(const record::RecordView&)>& each) {
    Scan scan{filter, each, from};
    for (std::size_t bytes = 0; !scan.is_enough && bytes < bytes_max;) {
        const auto fetched = log.fetch(partition, scan.next, kFetchBytes);
        if (!fetched && scan.next == from) return fetched.error();
        if (!fetched || fetched.value().next_offset == scan.next) break;
        bytes += fetched.value().batches.size();
        for (ByteView rest = fetched.value().batches; !rest.empty() && !scan.is_enough;) {
            HF_TRY(const auto header, record::decode_batch_header(rest));
            HF_TRY(scan.take(rest.first(header.size_bytes())));
            rest = rest.subspan(header.size_bytes());
        }
        if (!scan.is_enough) scan.next = std::max(scan.next, fetched.value().next_offset);
    }
    return scan.next;
}

} // namespace holdfast::gateway
