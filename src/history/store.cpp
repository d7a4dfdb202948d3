#include "history/store_impl.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/storage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace holdfast::history {
namespace {

constexpr std::string_view kFormat = "1";
// Sums and differences of times stay inside int64; it is 146,000 years.
constexpr std::int64_t kTimeMaxUs = std::int64_t{1} << 62U;
constexpr std::size_t kOffsetKeyBytes = 9;

} // namespace

Store::Impl::Impl(StoreOptions options, MemoryAccount& memory, Metrics& metrics)
    : options_(std::move(options)),
      storage_(options_.storage ? options_.storage : kv::local_storage()),
      memory_(memory),
      metrics_(metrics),
      rows_(metrics.counter("holdfast_history_rows", "Rows taken from the log")),
      repeated_(metrics.counter("holdfast_history_rows_repeated",
                                "Rows read from the log again that were sealed already")),
      chunks_(metrics.counter("holdfast_history_chunks_sealed", "Chunks sealed")),
      chunk_bytes_(metrics.counter("holdfast_history_chunk_bytes", "Bytes of sealed chunks")) {}

Store::Impl::~Impl() {
    memory_.give_back(heads_bytes_ + (rebuild_ ? rebuild_->bytes : 0));
}

Result<void> Store::Impl::open() {
    kv::DatabaseOptions options;
    options.directory = options_.directory;
    options.storage = options_.storage;
    options.write_buffer_bytes = options_.database_bytes / 8; // of which there are up to four
    options.block_cache_bytes = options_.database_bytes / 2;
    options.use_of = [](std::string_view name) {
        const bool holds_chunks = partition_of_family(name) || own_partition_of_family(name);
        return holds_chunks ? kv::FamilyUse::payload : kv::FamilyUse::state;
    };
    auto opened = kv::Database::open(options);
    // All of it is in the log or in tables: what the write-ahead log lost is read again.
    if (!opened && opened.error().code == Errc::corrupt) {
        log_error("history", "{}; going on from what lies before", opened.error().context);
        options.salvage = kv::Salvage::stop_at_damage;
        opened = kv::Database::open(options);
    }
    HF_TRY(database_, std::move(opened));
    meta_ = database_->family("default");
    HF_TRY(const auto format, database_->get(meta_, as_bytes(kFormatKey)));
    if (format && *format != kFormat)
        return fail(Errc::not_supported,
                    fmt::format("{}: history of format {}, this is {}", options_.directory.string(),
                                *format, kFormat));
    if (!format) {
        kv::WriteBatch batch;
        batch.put(meta_, as_bytes(kFormatKey), as_bytes(kFormat));
        HF_TRY(database_->write(batch, false));
    }
    HF_TRY(partitions_.load(*database_));
    HF_TRY(catalog_.load(*database_));
    HF_TRY(erasures_.load(*database_));
    HF_TRY(load_coverage());
    HF_TRY(offsets_.load(*database_));
    HF_TRY(load_progress());
    return load_emptied();
}

Result<void> Store::Impl::load_progress() {
    const std::byte first[] = {std::byte{'o'}};
    kv::Iterator each = database_->iterate(meta_);
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        if (each.key().size() != kOffsetKeyBytes || each.value().size() != 8 + 4)
            return fail(Errc::corrupt, "history: a checkpoint of a wrong length");
        const PartitionId from{StreamId{load_u32_be(each.key().data() + 1)},
                               load_u32_be(each.key().data() + 5)};
        const auto below = static_cast<Offset>(load_u64_be(each.value().data()));
        // Opening puts into tables what a write-ahead log had.
        progress_[from] = {below, below, below};
        if (!offsets_.knows(from)) offsets_.note_over(from, below);
        next_chunk_ = std::max(next_chunk_, load_u32_be(each.value().data() + 8));
    }
    return each.status();
}

Result<void> Store::Impl::load_coverage() {
    const std::byte first[] = {std::byte{'r'}};
    kv::Iterator each = database_->iterate(meta_);
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        if (each.key().size() != 5)
            return fail(Errc::corrupt, "history: a refused stream's key has a wrong length");
        partial_[StreamId{load_u32_be(each.key().data() + 1)}] = true;
    }
    return each.status();
}

Result<void> Store::Impl::load_emptied() {
    std::vector<PartitionId> told;
    for (const auto& [from, progress] : progress_) told.push_back(from);
    std::set<std::int64_t> starts = partitions_.starts();
    const std::byte first[] = {std::byte{'n'}};
    kv::Iterator each = database_->iterate(meta_);
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        const std::string name(as_text(each.key().subspan(1)));
        if (!partition_of_family(name) && !own_partition_of_family(name))
            return fail(Errc::corrupt, "history: a time partition of no such name");
        emptied_.insert(name);
        starts.insert(TimePartitions::start_of(name));
    }
    HF_TRY(each.status());
    return floors_.load(*database_, starts, told);
}

Offset Store::Impl::position(PartitionId partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(partition);
    return found == progress_.end() ? 0 : found->second.told_below;
}

Offset Store::Impl::sealed_below(PartitionId partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(partition);
    if (found == progress_.end()) return 0;
    Offset below = found->second.synced_below;
    for (const std::string& family : emptied_) { // the log has to tell these again
        const auto floors = describe(family, {}).floors;
        const auto floor = floors.find(partition);
        if (floor != floors.end() && floor->second >= 0) below = std::min(below, floor->second);
    }
    return below;
}

Result<void> Store::Impl::add(PartitionId from, std::span<const NewRow> rows, Offset next,
                              std::optional<Offset> told_from) {
    const std::lock_guard lock(mutex_);
    if (told_from && *told_from > progress_[from].told_below)
        return fail(Errc::closed, "history was opened anew, and has to be told more");
    // Before more is taken: what cannot be sealed must not grow.
    HF_TRY(seal_as_needed());
    Progress& progress = progress_[from];
    for (const NewRow& row : rows)
        if (row.offset >= progress.told_below) add_row(from, row);
    progress.told_below = std::max(progress.told_below, next);
    return seal_as_needed();
}

void Store::Impl::add_row(PartitionId from, const NewRow& row) {
    if (row.values.empty()) return;
    if (row.ts_us <= -kTimeMaxUs || row.ts_us >= kTimeMaxUs)
        return refuse(from.stream, "time",
                      fmt::format("device '{}': a time out of range", row.device));
    if (row.ts_us < partitions_.kept_from_us(from.stream)) {
        offsets_.note_over(from, row.offset + 1);
        return count_refused("retention",
                             fmt::format("device '{}': a time that is over", row.device));
    }
    if (erasures_.cover(from, row.device, row.offset)) return;
    const auto found = catalog_.group_for(from, row, options_.bounds);
    if (!found && found.error().code == Errc::malformed) // no device: nothing of one is missing
        return count_refused("name", found.error().context);
    if (!found) return refuse(from.stream, "series", found.error().context);
    Group& group = *found.value();
    offsets_.note(from, row.ts_us, row.offset);
    if (row.offset < group.sealed_next) return repeated_.add();
    const std::size_t before = group.head.bytes();
    group.head.add(row.ts_us, row.offset, within_bounds(from.stream, row));
    account(before, group.head.bytes());
    if (group.head.count() == options_.chunk_rows) full_.push_back(&group);
    rows_.add();
}

// The row's values, NULL in place of texts that are too long.
std::span<const FieldValue> Store::Impl::within_bounds(StreamId stream, const NewRow& row) {
    const auto is_long = [this](const FieldValue& each) {
        return each.value.type() == column::Type::text &&
               each.value.as_text().size() > options_.bounds.text_bytes;
    };
    if (std::ranges::none_of(row.values, is_long)) return row.values;
    values_.assign(row.values.begin(), row.values.end());
    for (FieldValue& each : values_) {
        if (!is_long(each)) continue;
        refuse(stream, "text",
               fmt::format("device '{}': a text of more than {} bytes in '{}'", row.device,
                           options_.bounds.text_bytes, each.path));
        each.value = {};
    }
    return values_;
}

void Store::Impl::refuse(StreamId stream, std::string_view bound, const std::string& why) {
    partial_.try_emplace(stream, false);
    count_refused(bound, why);
}

void Store::Impl::count_refused(std::string_view bound, const std::string& why) {
    Counter& refused = metrics_.counter("holdfast_history_refused",
                                        "What is over a bound of history, and is in the log alone",
                                        fmt::format("bound=\"{}\"", bound));
    // The first, and every power of two: an offender must not fill the log with lines.
    refused.add();
    const std::uint64_t count = refused.value();
    if ((count & (count - 1)) == 0)
        log_warn("history", "{}: it stays in the log alone ({} so far)", why, count);
}

void Store::Impl::account(std::size_t before, std::size_t after) noexcept {
    heads_bytes_ = heads_bytes_ - before + after;
    if (after > before) memory_.take(after - before);
    if (after < before) memory_.give_back(before - after);
}

std::vector<std::string> Store::Impl::fields(StreamId stream, std::string_view device) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    std::set<std::string_view> seen;
    if (const auto* groups = catalog_.groups_of(stream, device))
        for (const Group* group : *groups)
            for (const std::string& field : group->shape->fields)
                if (seen.insert(field).second) out.push_back(field);
    return out;
}

std::vector<std::string> Store::Impl::fields(StreamId stream, std::size_t max) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    std::set<std::string_view> seen;
    for (const Shape* shape : catalog_.shapes_of(stream))
        for (const std::string& field : shape->fields) {
            if (out.size() == max) return out;
            if (seen.insert(field).second) out.push_back(field);
        }
    return out;
}

Offsets Store::Impl::told_below(StreamId stream) const {
    const std::lock_guard lock(mutex_);
    return told_below_locked(stream);
}

Offsets Store::Impl::told_below_locked(StreamId stream) const {
    Offsets out;
    for (auto each = progress_.lower_bound({stream, 0});
         each != progress_.end() && each->first.stream == stream; ++each)
        out[each->first.index] = each->second.told_below;
    return out;
}

Coverage Store::Impl::coverage(StreamId stream) const {
    const std::lock_guard lock(mutex_);
    Coverage coverage{partitions_.kept_from_us(stream),
                      !partial_.contains(stream),
                      told_below_locked(stream),
                      {}};
    for (const auto& [index, below] : coverage.told_below)
        coverage.over_below[index] = offsets_.over_below({stream, index}, coverage.from_us);
    return coverage;
}

std::vector<std::string> Store::Impl::devices(StreamId stream) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    const auto& devices = catalog_.devices();
    for (auto each = devices.lower_bound({stream, {}});
         each != devices.end() && each->first.first == stream; ++each)
        out.push_back(each->first.second);
    return out;
}

Result<std::size_t> Store::Impl::drop_before(std::int64_t us,
                                             const std::map<StreamId, std::int64_t>& own) {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, before_us] : own) {
        const auto added = partitions_.keep_apart(stream, catalog_.shapes_of(stream).empty());
        // Until that can be stored its rows lie with those of others.
        if (!added) log_warn("history", "{}", added.error().context);
    }
    auto dropped = partitions_.drop_before(us, own);
    fold_offsets();
    return dropped;
}

Result<std::optional<std::int64_t>> Store::Impl::drop_oldest() {
    const std::lock_guard lock(mutex_);
    auto dropped = partitions_.drop_oldest();
    fold_offsets();
    return dropped;
}

void Store::Impl::fold_offsets() {
    offsets_.fold([this](StreamId stream) { return partitions_.kept_from_us(stream); });
}

StoreCounts Store::Impl::counts() const {
    const std::lock_guard lock(mutex_);
    StoreCounts counts = counts_;
    counts.devices = catalog_.devices().size();
    counts.groups = catalog_.group_count();
    counts.heads_bytes = heads_bytes_;
    return counts;
}

} // namespace holdfast::history
