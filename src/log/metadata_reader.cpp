#include "log/metadata_reader.hpp"

#include "log/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::log {

namespace {

// The format of the metadata itself, which an upgrade changes after the file FORMAT.
Result<std::uint32_t> stored_format(const Store& store) {
    HF_TRY(const auto stored, store.database->get(store.meta, meta_key(MetaKind::format)));
    if (!stored) return 1U;
    auto format = ByteReader(as_bytes(*stored)).u32_be();
    if (!format || format.value() > kFormatVersion)
        return fail(Errc::corrupt, "its format is not one of ours");
    return format.value();
}

Result<void> take_meta_entry(Store& store, FoundMetadata& found, ByteView key, ByteView value) {
    ByteReader reader(key);
    HF_TRY(const std::uint8_t kind, reader.u8());
    if (static_cast<MetaKind>(kind) == MetaKind::next_stream_id) {
        HF_TRY(store.next_stream_id, ByteReader(value).u32_be());
        return ok();
    }
    if (static_cast<MetaKind>(kind) == MetaKind::format) return ok(); // read before all others
    if (static_cast<MetaKind>(kind) == MetaKind::next_producer_id) {
        HF_TRY(store.next_producer_id, decode_offset(value));
        return ok();
    }
    PartitionId partition;
    HF_TRY(const std::uint32_t stream, reader.u32_be());
    partition.stream = StreamId{stream};
    if (static_cast<MetaKind>(kind) == MetaKind::stream) {
        HF_TRY(auto decoded, decode_stream(partition.stream, value, found.format));
        found.streams.push_back(std::move(decoded));
        return ok();
    }
    HF_TRY(partition.index, reader.u32_be());
    switch (static_cast<MetaKind>(kind)) {
        case MetaKind::log_start: {
            HF_TRY(found.log_starts[partition], decode_offset(value));
            return ok();
        }
        case MetaKind::floor: {
            HF_TRY(found.floors[partition], decode_offset(value));
            return ok();
        }
        case MetaKind::cleaned: {
            HF_TRY(found.cleaned[partition], decode_cleaned(value));
            return ok();
        }
        case MetaKind::span: {
            HF_TRY(const std::uint32_t slice, reader.u32_be());
            HF_TRY(const SpanValue span, decode_span(value));
            found.spans[partition].emplace_back(slice, span);
            return ok();
        }
        default: return fail(Errc::corrupt, fmt::format("unknown kind {} of metadata", kind));
    }
}

Error bad_metadata(const Store& store, const Error& why) {
    return fail(why.code == Errc::io ? Errc::io : Errc::corrupt,
                fmt::format("metadata of {}: {}", store.options.directory.string(), why.context));
}

Result<void> read_producers(Store& store, FoundMetadata& found) {
    if (store.producers) {
        auto at = store.database->iterate(store.producers);
        for (at.seek({}); at.valid(); at.next()) {
            const auto partition = partition_of(at.key());
            auto state = decode_producer(at.value());
            if (!partition) return bad_metadata(store, fail(Errc::corrupt, "a producer's key"));
            if (!state) return bad_metadata(store, state.error());
            found.producers[*partition].emplace_back(last_offset_of(at.key()),
                                                     std::move(state).value());
        }
        if (auto end = at.status(); !end) return bad_metadata(store, end.error());
    }
    if (store.aborted) {
        auto at = store.database->iterate(store.aborted);
        for (at.seek({}); at.valid(); at.next())
            if (const auto partition = partition_of(at.key()))
                found.with_aborted.insert(*partition);
        if (auto end = at.status(); !end) return bad_metadata(store, end.error());
    }
    return ok();
}

} // namespace

Result<FoundMetadata> read_metadata(Store& store) {
    FoundMetadata found;
    const auto format = stored_format(store);
    if (!format) return bad_metadata(store, format.error());
    found.format = format.value();
    auto at = store.database->iterate(store.meta);
    for (at.seek({}); at.valid(); at.next()) {
        auto taken = take_meta_entry(store, found, at.key(), at.value());
        if (!taken) return bad_metadata(store, fail(Errc::corrupt, taken.error().context));
    }
    if (auto end = at.status(); !end) return bad_metadata(store, end.error());
    HF_TRY(read_producers(store, found));
    return found;
}

} // namespace holdfast::log
