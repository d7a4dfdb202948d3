#include "log/stream_erasure.hpp"

#include <fmt/format.h>

#include <atomic>

namespace holdfast::log {

Result<Erased> StreamErasure::run(const Erasure& what, const std::stop_token& stop) {
    const auto entry = store_.streams.find(what.stream);
    if (!entry) return fail(Errc::not_found, fmt::format("no stream {}", number(what.stream)));
    Erased all;
    Slices touched;
    for (const auto& partition : entry->partitions) {
        const auto below = what.below.find(partition->id().index);
        if (below == what.below.end()) continue;
        const PartitionPass pass(store_, on_committer_, entry, partition, stop);
        HF_TRY(const Erased erased, PartitionErasure(pass, what.key, below->second).run(touched));
        all.records += erased.records;
        all.batches += erased.batches;
        if (!what.is_resumed) continue;
        for (const Span& span : partition->spans_from(0))
            if (span.first_offset < below->second) touched[span.slice->number] = span.slice;
    }
    // Also where nothing was found: an earlier run that did not end may have written it.
    HF_TRY(on_committer_([this] { return store_.database->sync(); }));
    HF_TRY(rewrite_tables(touched, stop));
    return all;
}

Result<void> StreamErasure::rewrite_tables(const Slices& slices, const std::stop_token& stop) {
    std::atomic<bool> cancelled{false};
    const std::stop_callback cancel(stop, [&] { cancelled = true; });
    const auto work = [&](const auto& step) -> Result<void> {
        const std::shared_lock lock(store_.reopening);
        if (!store_.database || stop.stop_requested())
            return fail(Errc::closed, "the log closes, or its database was reopened");
        HF_TRY(step(*store_.database));
        if (cancelled) return fail(Errc::closed, "the log closes");
        return ok();
    };
    for (const auto& [number, slice] : slices) {
        const kv::Family& family = slice->family;
        HF_TRY(work([&](kv::Database& database) { return database.compact(family, cancelled); }));
    }
    // What is in tables leaves the write-ahead log.
    return work([](kv::Database& database) { return database.flush_all(); });
}

} // namespace holdfast::log
