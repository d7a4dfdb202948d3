// Time partitions that do not read: which they are, and how one is emptied and told again.
//
// That one is being built anew is stored before it is emptied, and until all of it is stored, so
// that whatever interrupts it, nobody is given what is there by then for all there was.
#include "history/chunk_group.hpp"
#include "history/store_impl.hpp"

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kHeadsBytesMax = 16U << 20U; // of a rebuild, in memory

// Walks the chunks of a family: each value has to read, and each chunk to have all its columns.
class Inspection {
public:
    [[nodiscard]] Result<void> see(ByteView key, ByteView value) {
        const auto at = ChunkKey::decode(key);
        if (!at) return fail(Errc::corrupt, "a key of a wrong length");
        if (at->group != group_) {
            HF_TRY(end_group());
            group_ = at->group;
        }
        HF_TRY(const std::size_t fields, check_part(key, value));
        if (at->column == 0)
            missing_ += fields;
        else
            --missing_;
        return ok();
    }
    // Headers of a group come before its columns.
    [[nodiscard]] Result<void> end_group() {
        if (std::exchange(missing_, 0) == 0) return ok();
        return fail(Errc::corrupt, "a column of a chunk is gone");
    }

private:
    GroupId group_ = 0;
    std::size_t missing_ = 0; // columns; wraps where there are too many
};

} // namespace

void Store::Impl::suspect(StreamId stream, TimeRange range) {
    const std::lock_guard lock(mutex_);
    for (const auto& [start, family] : partitions_.of(stream))
        if (start < range.to_us && start + options_.partition_us > range.from_us)
            suspects_.insert(partitions_.name_of(stream, start));
}

bool Store::Impl::may_be_damaged() const {
    const std::lock_guard lock(mutex_);
    return !suspects_.empty() || !emptied_.empty();
}

std::uint64_t Store::Impl::rebuilds() const {
    const std::lock_guard lock(mutex_);
    return rebuilds_;
}

Result<std::vector<DamagedPartition>> Store::Impl::find_damage(const std::stop_token& stop) {
    std::map<std::string, kv::Family> families;
    std::vector<DamagedPartition> damaged;
    {
        const std::lock_guard lock(mutex_);
        for (const std::string& name : emptied_)
            damaged.push_back(describe(name, "its rebuilding was interrupted"));
        for (const std::string& name : std::exchange(suspects_, {}))
            if (!emptied_.contains(name)) families[name] = database_->family(name);
    }
    for (const auto& [name, family] : families) {
        if (!family) continue; // dropped
        const auto sound = inspect(family, stop);
        if (sound) continue;
        if (sound.error().code != Errc::corrupt) return sound.error();
        const std::lock_guard lock(mutex_);
        damaged.push_back(describe(name, sound.error().context));
    }
    return damaged;
}

Result<void> Store::Impl::inspect(const kv::Family& family, const std::stop_token& stop) const {
    Inspection inspection;
    kv::Iterator each = database_->iterate(family);
    for (each.seek({}); each.valid(); each.next()) {
        if (stop.stop_requested()) return fail(Errc::closed, "history closes");
        HF_TRY(inspection.see(each.key(), each.value()));
        HF_TRY(const auto value, database_->get(family, each.key())); // as columns are read
        if (!value) return fail(Errc::corrupt, "a column of a chunk is not found");
    }
    HF_TRY(each.status());
    return inspection.end_group();
}

DamagedPartition Store::Impl::describe(const std::string& family, std::string why) const {
    const std::int64_t start_us = TimePartitions::start_of(family);
    DamagedPartition part{family, start_us, start_us + options_.partition_us, {}, std::move(why)};
    for (const auto& [from, lowest] : floors_.of(start_us))
        if (partitions_.name_of(from.stream, start_us) == family) part.floors.emplace(from, lowest);
    return part;
}

std::optional<Error> Store::Impl::emptied_in(StreamId stream, TimeRange range) const {
    const std::lock_guard lock(mutex_);
    range.from_us = std::max(range.from_us, partitions_.kept_from_us(stream));
    for (const std::string& name : emptied_) {
        const std::int64_t start_us = TimePartitions::start_of(name);
        const std::int64_t end_us = start_us + options_.partition_us;
        if (partitions_.name_of(stream, start_us) != name) continue;
        if (start_us >= range.to_us || end_us <= range.from_us) continue;
        return fail(
            Errc::corrupt,
            fmt::format("history from {} to {} was damaged, and is being built anew from "
                        "the log",
                        column::format_timestamp(start_us), column::format_timestamp(end_us)));
    }
    return std::nullopt;
}

Result<void> Store::Impl::begin_rebuild(const DamagedPartition& part) {
    const std::lock_guard syncing(syncing_);
    {
        const std::lock_guard lock(mutex_);
        kv::WriteBatch batch;
        batch.put(meta_, rebuilding_key(part.family), {});
        HF_TRY(database_->write(batch, false));
        emptied_.insert(part.family);
        ++rebuilds_;
        if (rebuild_) forget_told_again(); // one that was broken off
        rebuild_.reset();
    }
    HF_TRY(sync()); // before anything goes
    const std::lock_guard lock(mutex_);
    // What was told is in chunks, so that rows below are those of the log, and no others.
    std::vector<Group*> heads;
    for (Group& group : catalog_.groups())
        if (group.head.count() > 0 && group.head.oldest_ts_us() < part.to_us &&
            group.head.newest_ts_us() >= part.from_us)
            heads.push_back(&group);
    HF_TRY(seal(heads));
    HF_TRY(partitions_.renew(part.family));
    rebuild_.emplace(Rebuild{part.family, part.from_us, {}, {}, 0});
    for (const auto& [from, progress] : progress_) rebuild_->told_below[from] = progress.told_below;
    return ok();
}

Result<void> Store::Impl::tell_again(PartitionId from, std::span<const NewRow> rows) {
    const std::lock_guard lock(mutex_);
    if (!rebuild_) return fail(Errc::closed, "history was opened anew while it was rebuilt");
    const auto told = rebuild_->told_below.find(from);
    const bool lies_there =
        partitions_.name_of(from.stream, rebuild_->start_us) == rebuild_->family;
    if (told == rebuild_->told_below.end() || !lies_there) return ok();
    const TimeRange range{
        std::max(rebuild_->start_us, partitions_.kept_from_us(from.stream)),
        rebuild_->start_us + options_.partition_us,
    };
    for (const NewRow& row : rows) {
        const bool is_due = row.offset < told->second && range.holds(row.ts_us);
        if (!is_due || row.values.empty() || erasures_.cover(from, row.device, row.offset))
            continue;
        const Group* group = catalog_.find(from, row);
        if (group == nullptr) continue; // it was over a bound
        Head& head = rebuild_->heads[group->id];
        const std::size_t before = head.bytes();
        head.add(row.ts_us, row.offset, within_bounds(from.stream, row));
        memory_.take(head.bytes() - before);
        rebuild_->bytes += head.bytes() - before;
        if (head.count() == options_.chunk_rows || rebuild_->bytes > kHeadsBytesMax) {
            HF_TRY(store_told_again());
        }
    }
    return ok();
}

// In chunks, as sealing does; what the catalog says of the groups holds for these rows already.
Result<void> Store::Impl::store_told_again() {
    HF_TRY(check_room());
    kv::WriteBatch batch;
    for (const auto& [id, head] : rebuild_->heads)
        if (const Group* group = catalog_.find(id)) { // else it was erased meanwhile
            HF_TRY(put_chunks(*group, head, batch));
        }
    HF_TRY(database_->write(batch, false));
    forget_told_again();
    return ok();
}

void Store::Impl::forget_told_again() noexcept {
    memory_.give_back(rebuild_->bytes);
    rebuild_->bytes = 0;
    rebuild_->heads.clear();
}

Result<void> Store::Impl::end_rebuild() {
    const std::lock_guard syncing(syncing_);
    {
        const std::lock_guard lock(mutex_);
        if (!rebuild_) return fail(Errc::closed, "history was opened anew while it was rebuilt");
        HF_TRY(store_told_again());
        HF_TRY(store_checkpoints()); // the next chunk's number is above all that were given
        kv::WriteBatch batch;
        batch.remove(meta_, rebuilding_key(rebuild_->family));
        HF_TRY(database_->write(batch, false));
        emptied_.erase(rebuild_->family);
        ++rebuilds_;
        rebuild_.reset();
    }
    return sync();
}

} // namespace holdfast::history
