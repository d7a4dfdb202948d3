#include "log/recovery.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"
#include "log/metadata_reader.hpp"
#include "log/stream_uuid.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

namespace holdfast::log {

namespace {

constexpr std::string_view kFormatLine = "holdfast log format ";

// The version that the directory was written in; a new one is marked with ours.
Result<std::uint32_t> check_format(const Store& store) {
    const auto file = store.options.directory / "FORMAT";
    auto content = kv::read_side_file(*store.storage, file, 4096);
    if (!content && content.error().code == Errc::not_found) {
        if (store.options.read_only)
            return fail(Errc::not_found,
                        fmt::format("there is no log in {}", store.options.directory.string()));
        if (std::filesystem::exists(store.options.directory / "CURRENT"))
            return fail(Errc::corrupt,
                        fmt::format("{} is missing beside a database", file.string()));
        HF_TRY(write_format(*store.storage, store.options.directory));
        return kFormatVersion;
    }
    if (!content) return std::move(content).error();
    std::string_view text = as_text(content.value());
    std::uint32_t version = 0;
    if (text.starts_with(kFormatLine)) {
        text.remove_prefix(kFormatLine.size());
        std::from_chars(text.data(), text.data() + text.size(), version);
    }
    if (version == 0)
        return fail(Errc::corrupt, fmt::format("{} does not name a format", file.string()));
    if (version > kFormatVersion)
        return fail(Errc::not_supported,
                    fmt::format("{} was written in format {}, this version reads up to {}",
                                store.options.directory.string(), version, kFormatVersion));
    return version;
}

// RocksDB takes a shorter list of files for an older one, and would delete what it does not name.
Result<void> check_manifest(const Store& store, const Ceilings::Loaded& known) {
    if (!known.manifest) return ok();
    const auto wrong = [&](const std::string& how) {
        return fail(Errc::corrupt,
                    fmt::format("metadata of {}: {}", store.options.directory.string(), how));
    };
    const auto found = kv::read_manifest(*store.storage, store.options.directory);
    if (!found) return wrong(found.error().context);
    if (found.value().number == known.manifest->number &&
        found.value().bytes < known.manifest->bytes)
        return wrong(fmt::format("the manifest has {} bytes, and had {} when the log was closed",
                                 found.value().bytes, known.manifest->bytes));
    return ok();
}

// What the write-ahead logs hold cannot be written out to tables.
bool is_short_of_space(const Store& store) {
    const auto free = store.storage->free_bytes(store.options.directory);
    std::uint64_t logs = 16U << 20U; // and what else an opening writes
    std::error_code error;           // of a file that went: it needs no space
    for (std::filesystem::directory_iterator at(store.options.directory, error), end;
         !error && at != end; at.increment(error)) {
        std::error_code gone;
        const auto bytes = at->file_size(gone);
        if (!gone && at->path().extension() == ".log") logs += bytes;
    }
    return free && free.value() < logs;
}

kv::DatabaseOptions database_options(const Store& store) {
    kv::DatabaseOptions options;
    options.directory = store.options.directory;
    options.storage = store.storage;
    options.write_buffer_bytes = store.options.write_buffer_bytes;
    options.block_cache_bytes = store.options.block_cache_bytes;
    options.read_only = store.options.read_only;
    options.keep_logs = is_short_of_space(store);
    options.use_of = [](std::string_view name) {
        const auto slice = slice_of_family(name);
        if (!slice) return kv::FamilyUse::state;
        return slice->slice_class == SliceClass::compacted ? kv::FamilyUse::compacted
                                                           : kv::FamilyUse::payload;
    };
    return options;
}

// Opens the database; true where that took skipping over damage.
Result<bool> open_database(Store& store) {
    kv::DatabaseOptions options = database_options(store);
    auto opened = kv::Database::open(options);
    bool salvaged = false;
    // RocksDB skips most damage; where it trips over a half-skipped record, what lies before is
    // left.
    for (const auto how : {kv::Salvage::skip_damage, kv::Salvage::stop_at_damage}) {
        if (opened || opened.error().code != Errc::corrupt) break;
        log_error("log", "{}; salvaging what reads", opened.error().context);
        options.salvage = how;
        salvaged = true;
        opened = kv::Database::open(options);
    }
    if (!opened) return std::move(opened).error();
    store.database = std::move(opened).value();
    return salvaged;
}

Result<kv::Family> family_or_new(const Store& store, const std::string& name) {
    if (auto found = store.database->family(name)) return found;
    if (store.options.read_only) return kv::Family(); // its keyspace is empty
    return store.database->create_family(name);
}

Result<void> open_families(Store& store) {
    store.meta = store.database->family("default");
    HF_TRY(store.producers, family_or_new(store, "producers"));
    HF_TRY(store.aborted, family_or_new(store, "aborted"));
    HF_TRY(store.times, family_or_new(store, "times"));
    store.states.clear();
    for (const Keyspace keyspace : store.options.keyspaces) {
        HF_TRY(kv::Family family, family_or_new(store, fmt::format("state.{}", keyspace.name)));
        store.states.push_back({keyspace.name, std::move(family)});
    }
    std::map<std::uint32_t, std::shared_ptr<Slice>> slices;
    for (const std::string& name : store.database->family_names()) {
        auto slice = slice_of_family(name);
        if (!slice) continue;
        slice->family = store.database->family(name);
        const std::uint32_t number = slice->number;
        slices[number] = std::move(slice);
    }
    for (auto& [number, slice] : slices) store.slices.add_found(std::move(slice));
    return ok();
}

// One atomic write from format 1 (or nothing) to this one: streams get a UUID.
Result<void> upgrade(Store& store, FoundMetadata& found) {
    kv::WriteBatch batch;
    Bytes format;
    ByteWriter(format).u32_be(kFormatVersion);
    batch.put(store.meta, meta_key(MetaKind::format), format);
    for (Stream& stream : found.streams) {
        if (found.format < 2) stream.uuid = make_uuid();
        batch.put(store.meta, meta_key(MetaKind::stream, stream.id), encode_stream(stream));
    }
    HF_TRY(store.database->write(batch, true));
    HF_TRY(store.database->flush(store.meta));
    if (!found.streams.empty())
        log_info("log", "{}: upgraded from format {} to {}", store.options.directory.string(),
                 found.format, kFormatVersion);
    return ok();
}

// After damage to the write-ahead log a slice may hold records whose span entry was lost.
void find_lost_spans(const Store& store, Partition& partition,
                     std::vector<std::pair<std::uint32_t, SpanValue>>& spans) {
    const RecordKey end = partition_end_key(partition.id());
    for (const auto& [number, slice] : store.slices.all()) {
        const bool known = std::any_of(spans.begin(), spans.end(),
                                       [&](const auto& span) { return span.first == number; });
        if (known) continue;
        auto at = store.database->iterate(slice->family, ByteView(end));
        at.seek(record_key(partition.id(), 0));
        if (!at.valid() || !belongs_to(at.key(), partition.id())) continue;
        const auto header = record::decode_batch_header(at.value());
        const Offset last = last_offset_of(at.key());
        const Offset first = header ? last - header.value().last_offset_delta : last;
        spans.emplace_back(number, SpanValue{first, at.value().size()});
    }
}

// One past the partition's last record; nothing where damage hides it.
std::optional<Offset> find_end(const Store& store, const Partition& partition) {
    const RecordKey end = partition_end_key(partition.id());
    for (auto span = partition.spans().rbegin(); span != partition.spans().rend(); ++span) {
        auto at = store.database->iterate(span->slice->family, ByteView(end));
        at.seek_before_end();
        if (!at.status()) {
            span->slice->is_damaged = true;
            return {};
        }
        if (at.valid() && belongs_to(at.key(), partition.id())) return last_offset_of(at.key()) + 1;
    }
    return 0;
}

class PartitionRecovery {
public:
    PartitionRecovery(Store& store, FoundMetadata found, Ceilings::Loaded known, bool salvaged)
        : store_(store), found_(std::move(found)), known_(std::move(known)), salvaged_(salvaged) {}

    Result<void> run() {
        HF_TRY(check_streams());
        kv::WriteBatch floors;
        std::vector<Ceilings::Entry> entries;
        std::vector<std::shared_ptr<const StreamEntry>> streams;
        for (Stream& stream : found_.streams) {
            store_.next_stream_id = std::max(store_.next_stream_id, number(stream.id) + 1);
            auto entry = std::make_shared<StreamEntry>();
            entry->stream = std::make_shared<const Stream>(std::move(stream));
            for (PartitionIndex i = 0; i < entry->stream->settings.partitions; ++i) {
                auto partition = std::make_shared<Partition>(PartitionId{entry->stream->id, i});
                HF_TRY(recover_one(*entry->stream, *partition, floors));
                if (partition->next_offset > 0)
                    entries.push_back({partition->id(), partition->next_offset});
                entry->partitions.push_back(std::move(partition));
            }
            streams.push_back(std::move(entry));
        }
        store_.streams.replace(streams);
        // First the floors, then the ceilings that they came from.
        if (store_.options.read_only) return ok();
        if (!floors.empty()) {
            HF_TRY(store_.database->write(floors, true));
            HF_TRY(store_.database->flush(store_.meta));
        }
        HF_TRY(store_.ceilings,
               Ceilings::rewrite(*store_.storage, store_.ceilings_file(), entries));
        return ok();
    }

private:
    // Offsets are given out to streams only whose id was taken durably before.
    Result<void> check_streams() const {
        for (const auto& [partition, ceiling] : known_.ceilings)
            if (number(partition.stream) >= store_.next_stream_id)
                return fail(
                    Errc::corrupt,
                    fmt::format("metadata of {}: nothing is known of stream {}, which has "
                                "had records",
                                store_.options.directory.string(), number(partition.stream)));
        return ok();
    }

    Result<void> recover_one(const Stream& stream, Partition& partition, kv::WriteBatch& floors) {
        const PartitionId id = partition.id();
        auto& spans = found_.spans[id];
        if (salvaged_) find_lost_spans(store_, partition, spans);
        std::sort(spans.begin(), spans.end(), [](const auto& left, const auto& right) {
            return left.second.first_offset < right.second.first_offset;
        });
        for (const auto& [number, value] : spans) {
            auto slice = store_.slices.find(number);
            if (!slice && salvaged_) continue; // the removal of its entry may be what was lost
            if (!slice)                        // entries go before their slice does
                return fail(
                    Errc::corrupt,
                    fmt::format("metadata of {}: slice {}, where records of {}/{} lie, is missing",
                                store_.options.directory.string(), number, stream.settings.name,
                                id.index));
            slice->bytes += value.bytes;
            partition.add_span({std::move(slice), value.first_offset, value.bytes, value.bytes});
        }
        partition.set_log_start_offset(found_.log_starts[id]);
        const std::optional<Offset> end = find_end(store_, partition);
        const CleanedValue& cleaned = found_.cleaned[id];
        partition.set_first_dirty_offset(cleaned.first_dirty_offset);
        partition.set_clean_bytes(cleaned.bytes);
        Offset next = std::max({end.value_or(0), found_.floors[id], found_.log_starts[id],
                                cleaned.first_dirty_offset});
        const Offset ceiling = std::max(known_.ceilings[id], next);
        if (ceiling > next && (salvaged_ || !end || known_.manifest)) {
            log_error("log",
                      "{}/{}: damage may have taken offsets {} to {}; they read as corrupt and "
                      "appends go on behind them",
                      stream.settings.name, id.index, next, ceiling - 1);
            floors.put(store_.meta, meta_key(MetaKind::floor, id), encode_offset(ceiling));
            next = ceiling;
        }
        partition.next_offset = partition.offset_ceiling = next;
        for (auto& [producer, state] : found_.producers[id])
            partition.producers.restore(producer, std::move(state));
        store_.producer_count += partition.producers.count();
        if (found_.with_aborted.contains(id)) partition.set_has_aborted();
        partition.set_high_watermark(next);
        return ok();
    }

    Store& store_;
    FoundMetadata found_;
    Ceilings::Loaded known_;
    const bool salvaged_;
};

void report(const Store& store, bool salvaged) {
    std::uint64_t partitions = 0, records = 0;
    const auto streams = store.streams.all();
    for (const auto& entry : streams)
        for (const auto& partition : entry->partitions) {
            ++partitions;
            const PartitionBounds bounds = partition->bounds();
            records += static_cast<std::uint64_t>(bounds.high_watermark - bounds.log_start_offset);
        }
    log_info("log", "{}: {} streams, {} partitions, {} offsets, {} slices{}",
             store.options.directory.string(), streams.size(), partitions, records,
             store.slices.all().size(), salvaged ? "; salvaged after damage" : "");
}

} // namespace

void close_store(Store& store) {
    store.ceilings.reset();
    store.slices = {};
    store.streams.clear();
    store.states = {};
    store.producers.reset();
    store.aborted.reset();
    store.times.reset();
    store.producer_count = 0;
    store.meta.reset();
    store.database.reset();
}

Result<void> write_format(const kv::Storage& storage, const std::filesystem::path& directory) {
    return kv::replace_side_file(storage, directory / "FORMAT",
                                 as_bytes(fmt::format("{}{}\n", kFormatLine, kFormatVersion)));
}

Result<void> recover(Store& store, const Clock& clock) {
    close_store(store);
    if (!store.options.read_only) {
        HF_TRY(kv::make_directory(*store.storage, store.options.directory));
    }
    HF_TRY(const std::uint32_t version, check_format(store));
    HF_TRY(auto known, Ceilings::load(*store.storage, store.ceilings_file()));
    HF_TRY(check_manifest(store, known));
    HF_TRY(const bool salvaged, open_database(store));
    // The directory is ours now, and nothing is changed yet that an older version could not read.
    if (version < kFormatVersion && !store.options.read_only) {
        HF_TRY(write_format(*store.storage, store.options.directory));
    }
    HF_TRY(open_families(store));
    HF_TRY(FoundMetadata found, read_metadata(store));
    if (found.format < kFormatVersion && !store.options.read_only) {
        HF_TRY(upgrade(store, found));
    }
    HF_TRY(PartitionRecovery(store, std::move(found), std::move(known), salvaged).run());
    store.slices.close_old(clock.now_ms());
    report(store, salvaged);
    return ok();
}

} // namespace holdfast::log
