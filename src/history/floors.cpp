#include "history/floors.hpp"

#include "history/keys.hpp"

namespace holdfast::history {
namespace {

constexpr std::size_t kKeyBytes = 1 + 8 + 4 + 4;

Bytes encode(Offset offset) {
    Bytes value;
    ByteWriter(value).u64_be(static_cast<std::uint64_t>(offset));
    return value;
}

} // namespace

Result<void> Floors::load(kv::Database& database, const std::set<std::int64_t>& starts,
                          const std::vector<PartitionId>& told) {
    meta_ = database.family("default");
    HF_TRY(const auto is_kept, database.get(meta_, as_bytes(kFloorsKey)));
    if (!is_kept) {
        const ByteView name = as_bytes(kFloorsKey);
        due_.emplace_back(Bytes(name.begin(), name.end()), Bytes());
        for (const std::int64_t start_us : starts)
            for (const PartitionId from : told) {
                lowest_[{start_us, from}] = DamagedPartition::kNever;
                due_.emplace_back(floor_key(start_us, from), encode(DamagedPartition::kNever));
            }
    }
    const std::byte first[] = {std::byte{'f'}};
    kv::Iterator each = database.iterate(meta_);
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        const ByteView key = each.key();
        if (key.size() != kKeyBytes) continue; // one of the names
        if (each.value().size() != 8)
            return fail(Errc::corrupt, "history: a time partition's offset has a wrong length");
        const auto start_us = static_cast<std::int64_t>(load_u64_be(key.data() + 1));
        const PartitionId from{StreamId{load_u32_be(key.data() + 9)}, load_u32_be(key.data() + 13)};
        if (starts.contains(start_us))
            lowest_[{start_us, from}] = static_cast<Offset>(load_u64_be(each.value().data()));
        else
            due_.emplace_back(Bytes(key.begin(), key.end()), std::nullopt);
    }
    return each.status();
}

void Floors::put(const Key& key, Offset lowest, kv::WriteBatch& batch) {
    for (const auto& [due, value] : due_) {
        if (value)
            batch.put(meta_, due, *value);
        else
            batch.remove(meta_, due);
    }
    due_.clear();
    lowest_[key] = lowest;
    batch.put(meta_, floor_key(key.first, key.second), encode(lowest));
}

void Floors::stage(std::int64_t start_us, PartitionId from, Offset lowest, kv::WriteBatch& batch) {
    const Key key{start_us, from};
    const auto known = lowest_.find(key);
    if (known == lowest_.end() || lowest < known->second) put(key, lowest, batch);
}

void Floors::stage_rewind(PartitionId from, kv::WriteBatch& batch) {
    for (const auto& [key, lowest] : std::map(lowest_))
        if (key.second == from) put(key, DamagedPartition::kNever, batch);
}

std::map<PartitionId, Offset> Floors::of(std::int64_t start_us) const {
    std::map<PartitionId, Offset> out;
    for (auto each = lowest_.lower_bound({start_us, {}});
         each != lowest_.end() && each->first.first == start_us; ++each)
        out.emplace(each->first.second, each->second);
    return out;
}

} // namespace holdfast::history
