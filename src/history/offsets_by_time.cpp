#include "history/offsets_by_time.hpp"

#include "history/keys.hpp"

#include <algorithm>

namespace holdfast::history {

Result<void> OffsetsByTime::load(const kv::Database& database) {
    const kv::Family meta = database.family("default");
    const std::byte first[] = {std::byte{'b'}};
    kv::Iterator each = database.iterate(meta);
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        const auto key = OffsetKey::decode(each.key());
        if (!key || each.value().size() != 8)
            return fail(Errc::corrupt, "history: the offsets of a time have a wrong length");
        all_[key->from][key->partition_us] = {static_cast<Offset>(load_u64_be(each.value().data())),
                                              true};
    }
    return each.status();
}

OffsetsByTime::Entry& OffsetsByTime::raise(PartitionId from, std::int64_t begin_us, Offset below) {
    Entry& entry = all_[from][begin_us];
    if (below > entry.below) entry = {below, false};
    return entry;
}

void OffsetsByTime::note(PartitionId from, std::int64_t ts_us, Offset offset) {
    const bool is_last = last_ != nullptr && from == last_from_ && ts_us >= last_begin_us_ &&
                         ts_us - last_begin_us_ < width_us_;
    if (is_last) {
        if (offset >= last_->below) *last_ = {offset + 1, false};
        return;
    }
    last_from_ = from;
    last_begin_us_ = partition_of(ts_us, width_us_);
    last_ = &raise(from, last_begin_us_, offset + 1);
}

void OffsetsByTime::note_over(PartitionId from, Offset below) {
    raise(from, kOver, below);
}

Offset OffsetsByTime::over_below(PartitionId from, std::int64_t kept_from_us) const {
    const auto found = all_.find(from);
    if (found == all_.end()) return 0;
    Offset below = 0;
    for (const auto& [begin_us, entry] : found->second) {
        if (begin_us != kOver && begin_us >= kept_from_us) break;
        below = std::max(below, entry.below);
    }
    return below;
}

void OffsetsByTime::fold(const std::function<std::int64_t(StreamId)>& kept_from_us) {
    last_ = nullptr;
    for (auto& [from, entries] : all_) {
        const std::int64_t kept_us = kept_from_us(from.stream);
        const Offset below = over_below(from, kept_us);
        auto each = entries.upper_bound(kOver);
        while (each != entries.end() && each->first < kept_us) {
            gone_.push_back(OffsetKey{from, each->first}.encode());
            each = entries.erase(each);
        }
        if (below > 0) raise(from, kOver, below);
    }
}

void OffsetsByTime::stage(const kv::Family& family, kv::WriteBatch& batch) const {
    for (const Bytes& key : gone_) batch.remove(family, key);
    for (const auto& [from, entries] : all_)
        for (const auto& [begin_us, entry] : entries) {
            if (entry.is_stored) continue;
            Bytes value;
            ByteWriter(value).u64_be(static_cast<std::uint64_t>(entry.below));
            batch.put(family, OffsetKey{from, begin_us}.encode(), value);
        }
}

void OffsetsByTime::is_now_stored() {
    gone_.clear();
    for (auto& [from, entries] : all_)
        for (auto& [begin_us, entry] : entries) entry.is_stored = true;
}

} // namespace holdfast::history
