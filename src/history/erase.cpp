// A device is taken out of history: its chunks, heads and names in one write, and a mark that keeps
// its rows from coming back while the log may still tell them.
#include "history/store_impl.hpp"

#include <algorithm>
#include <atomic>

namespace holdfast::history {
namespace {

struct GroupKeys {
    Bytes first, end; // of its chunks, in every time partition
};

GroupKeys keys_of(GroupId group) {
    return {ChunkKey{group, 0, INT64_MIN, 0}.encode(),
            ChunkKey{group + 1, 0, INT64_MIN, 0}.encode()};
}

// Whether an erasure up to `done` is one up to `below`, too.
bool is_covered(const Offsets& below, const Offsets& done) {
    return std::ranges::all_of(below, [&](const auto& each) {
        const auto found = done.find(each.first);
        return found != done.end() && found->second >= each.second;
    });
}

} // namespace

// Reads and syncs hold syncing_ alone, so that nobody waits for the disk: what is sealed of the
// device while its chunks are looked for is noted in look_.
Result<ErasedDevice> Store::Impl::erase(StreamId stream, const std::string& device,
                                        const Offsets& below) {
    const std::lock_guard syncing(syncing_);
    const Erasures::Name name{stream, device};
    ErasedDevice erased;
    std::unique_lock lock(mutex_);
    if (const auto done = erasures_.all().find(name); done != erasures_.all().end()) {
        erased.below = done->second;
        if (is_covered(below, done->second)) return erased;
    }
    std::vector<GroupId> ids;
    if (const auto* known = catalog_.groups_of(stream, device))
        for (const Group* group : *known) ids.push_back(group->id);
    const TimePartitions::Families all = partitions_.of(stream);
    look_.emplace(Look{name, {}});
    lock.unlock();
    auto having = having_chunks(ids, all);
    lock.lock();
    const Look look = std::move(*look_);
    look_.reset();
    if (!having) return std::move(having).error();
    having.value().insert(look.partitions.begin(), look.partitions.end());

    raise(erased.below, below);
    // What is in chunks and heads does not say of which offsets it is.
    raise(erased.below, told_below_locked(stream));

    kv::WriteBatch batch;
    Erasures::stage(name, erased.below, meta_, batch);
    std::vector<Group*> groups;
    if (const auto* known = catalog_.groups_of(stream, device)) groups = *known;
    const auto families = stage_chunks_end(stream, groups, having.value(), batch);
    catalog_.stage_removal(groups, meta_, batch);
    HF_TRY(database_->write(batch, false));
    for (Group* group : groups) {
        erased.rows += group->seen().rows;
        account(group->head.bytes(), 0);
        std::erase(full_, group);
    }
    catalog_.remove(stream, device);
    erasures_.keep(name, erased.below);
    auto& had = had_erased_[name];
    had.insert(had.end(), families.begin(), families.end());
    lock.unlock();
    HF_TRY(database_->sync());
    return erased;
}

// Those of the time partitions that have chunks of the groups, by their first microsecond.
Result<std::set<std::int64_t>> Store::Impl::having_chunks(
    std::span<const GroupId> groups, const TimePartitions::Families& families) const {
    std::set<std::int64_t> having;
    for (const auto& [start, family] : families)
        for (const GroupId group : groups) {
            const GroupKeys keys = keys_of(group);
            kv::Iterator found = database_->iterate(family, ByteView(keys.end));
            found.seek(keys.first);
            const auto status = found.status();
            if (!status && status.error().code != Errc::corrupt) return status.error();
            // Where it is damaged they may be hidden.
            if (!status || found.valid()) having.insert(start);
        }
    return having;
}

// The families of those partitions that are there still; chunks of the groups go with `batch`.
std::vector<kv::Family> Store::Impl::stage_chunks_end(StreamId stream,
                                                      std::span<Group* const> groups,
                                                      const std::set<std::int64_t>& having,
                                                      kv::WriteBatch& batch) const {
    std::vector<kv::Family> families;
    for (const auto& [start, family] : partitions_.of(stream)) {
        if (!having.contains(start)) continue;
        families.push_back(family);
        for (const Group* group : groups) {
            const GroupKeys keys = keys_of(group->id);
            batch.remove_range(family, keys.first, keys.end);
        }
    }
    return families;
}

Result<void> Store::Impl::rewrite_erased(StreamId stream, const std::string& device,
                                         const std::stop_token& stop) {
    std::vector<kv::Family> families;
    {
        const std::lock_guard lock(mutex_);
        const auto had = had_erased_.find({stream, device});
        if (had != had_erased_.end())
            families = had->second;
        else
            for (const auto& [start, family] : partitions_.of(stream)) families.push_back(family);
    }
    std::atomic<bool> cancelled{false};
    const std::stop_callback cancel(stop, [&] { cancelled = true; });
    for (const kv::Family& family : families) {
        HF_TRY(database_->compact(family, cancelled));
        if (cancelled) return fail(Errc::closed, "history closes");
    }
    HF_TRY(database_->compact(meta_, cancelled)); // has their names
    if (cancelled) return fail(Errc::closed, "history closes");
    return database_->flush_all(); // out of the write-ahead log, too
}

Result<void> Store::Impl::end_erasure(StreamId stream, const std::string& device) {
    const std::lock_guard lock(mutex_);
    if (!erasures_.all().contains({stream, device})) return ok();
    kv::WriteBatch batch;
    Erasures::stage_end({stream, device}, meta_, batch);
    HF_TRY(database_->write(batch, false));
    erasures_.end({stream, device});
    had_erased_.erase({stream, device});
    return ok();
}

std::vector<std::pair<StreamId, std::string>> Store::Impl::erasures() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<StreamId, std::string>> names;
    for (const auto& [name, below] : erasures_.all()) names.push_back(name);
    return names;
}

} // namespace holdfast::history
