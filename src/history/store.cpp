#include "history/store_impl.hpp"

#include <holdfast/base/log_line.hpp>

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
      memory_(memory),
      metrics_(metrics),
      rows_(metrics.counter("holdfast_history_rows", "Rows taken from the log")),
      repeated_(metrics.counter("holdfast_history_rows_repeated",
                                "Rows read from the log again that were sealed already")),
      chunks_(metrics.counter("holdfast_history_chunks_sealed", "Chunks sealed")),
      chunk_bytes_(metrics.counter("holdfast_history_chunk_bytes", "Bytes of sealed chunks")) {}

Store::Impl::~Impl() {
    memory_.give_back(heads_bytes_);
}

Result<void> Store::Impl::open() {
    kv::DatabaseOptions options;
    options.directory = options_.directory;
    options.storage = options_.storage;
    options.write_buffer_bytes = options_.database_bytes / 8; // of which there are up to four
    options.block_cache_bytes = options_.database_bytes / 2;
    options.use_of = [](std::string_view name) {
        return partition_of_family(name) ? kv::FamilyUse::payload : kv::FamilyUse::state;
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
    for (const std::string& name : database_->family_names())
        if (const auto partition = partition_of_family(name))
            families_[*partition] = database_->family(name);
    HF_TRY(catalog_.load(*database_));
    return load_progress();
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
        progress_[from] = {below, below};
        next_chunk_ = std::max(next_chunk_, load_u32_be(each.value().data() + 8));
    }
    return each.status();
}

Offset Store::Impl::position(PartitionId partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(partition);
    return found == progress_.end() ? 0 : found->second.told_below;
}

Offset Store::Impl::sealed_below(PartitionId partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(partition);
    return found == progress_.end() ? 0 : found->second.stored_below;
}

Result<void> Store::Impl::add(PartitionId from, std::span<const NewRow> rows, Offset next) {
    const std::lock_guard lock(mutex_);
    Progress& progress = progress_[from];
    for (const NewRow& row : rows)
        if (row.offset >= progress.told_below) add_row(from, row);
    progress.told_below = std::max(progress.told_below, next);
    return seal_as_needed();
}

void Store::Impl::add_row(PartitionId from, const NewRow& row) {
    if (row.values.empty()) return;
    if (row.ts_us <= -kTimeMaxUs || row.ts_us >= kTimeMaxUs)
        return refuse("time", fmt::format("device '{}': a time out of range", row.device));
    if (row.ts_us < kept_from_us_)
        return refuse("retention", fmt::format("device '{}': a time that is over", row.device));
    const auto found = catalog_.group_for(from, row, options_.bounds);
    if (!found) return refuse("series", found.error().context);
    Group& group = *found.value();
    if (row.offset < group.sealed_next) return repeated_.add();
    values_.clear();
    for (const FieldValue& each : row.values) {
        const bool is_long = each.value.type() == column::Type::text &&
                             each.value.as_text().size() > options_.bounds.text_bytes;
        if (is_long)
            refuse("text", fmt::format("device '{}': a text of more than {} bytes in '{}'",
                                       row.device, options_.bounds.text_bytes, each.field));
        values_.push_back(is_long ? column::Value() : each.value);
    }
    const std::size_t before = group.head.bytes();
    group.head.add(row.ts_us, row.offset, values_);
    account(before, group.head.bytes());
    if (group.head.count() == options_.chunk_rows) full_.push_back(&group);
    rows_.add();
}

void Store::Impl::refuse(std::string_view bound, const std::string& why) {
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

std::vector<std::string> Store::Impl::devices(StreamId stream) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    const auto& devices = catalog_.devices();
    for (auto each = devices.lower_bound({stream, {}});
         each != devices.end() && each->first.first == stream; ++each)
        out.push_back(each->first.second);
    return out;
}

Result<std::size_t> Store::Impl::drop_before(std::int64_t us) {
    const std::lock_guard lock(mutex_);
    kept_from_us_ = std::max(kept_from_us_, partition_of(us, options_.partition_us));
    std::size_t dropped = 0;
    while (!families_.empty() && families_.begin()->first + options_.partition_us <= us) {
        HF_TRY(database_->drop_family(family_name(families_.begin()->first)));
        families_.erase(families_.begin());
        ++dropped;
    }
    return dropped;
}

StoreCounts Store::Impl::counts() const {
    const std::lock_guard lock(mutex_);
    StoreCounts counts = counts_;
    counts.devices = catalog_.devices().size();
    counts.groups = catalog_.groups().size();
    counts.heads_bytes = heads_bytes_;
    return counts;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, MemoryAccount& memory,
                                           Metrics& metrics) {
    auto impl = std::make_unique<Impl>(std::move(options), memory, metrics);
    HF_TRY(impl->open());
    return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Offset Store::position(PartitionId partition) const {
    return impl_->position(partition);
}
Offset Store::sealed_below(PartitionId partition) const {
    return impl_->sealed_below(partition);
}
Result<void> Store::add(PartitionId partition, std::span<const NewRow> rows, Offset next) {
    return impl_->add(partition, rows, next);
}
Result<void> Store::seal_all() {
    return impl_->seal_all();
}
Result<void> Store::scan(StreamId stream, std::string_view device,
                         std::span<const std::string> fields, std::int64_t from_us,
                         std::int64_t to_us, const EachBatch& each) const {
    return impl_->scan(stream, device, fields, from_us, to_us, each);
}
std::vector<std::string> Store::fields(StreamId stream, std::string_view device) const {
    return impl_->fields(stream, device);
}
std::vector<std::string> Store::devices(StreamId stream) const {
    return impl_->devices(stream);
}
Result<std::size_t> Store::drop_before(std::int64_t us) {
    return impl_->drop_before(us);
}
StoreCounts Store::counts() const {
    return impl_->counts();
}

} // namespace holdfast::history
