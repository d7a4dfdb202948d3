#include "history/erasures.hpp"

#include "history/keys.hpp"

#include <algorithm>

namespace holdfast::history {
namespace {

constexpr std::size_t kNameAt = 5;       // behind the tag and the stream
constexpr std::size_t kOffsetBytes = 12; // partition 4, offset 8

bool is_of(const Erasures::Name& name, PartitionId partition) {
    return name.first == partition.stream;
}

} // namespace

void raise(Offsets& offsets, const Offsets& others) {
    for (const auto& [index, offset] : others) {
        Offset& known = offsets[index];
        known = std::max(known, offset);
    }
}

Result<void> Erasures::load(const kv::Database& database) {
    const std::byte first[] = {std::byte{'e'}};
    kv::Iterator each = database.iterate(database.family("default"));
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        const ByteView key = each.key();
        if (key.size() < kNameAt || each.value().size() % kOffsetBytes != 0)
            return fail(Errc::corrupt, "history: an erasure of a wrong length");
        Offsets& below = all_[{StreamId{load_u32_be(key.data() + 1)},
                               std::string(as_text(key.subspan(kNameAt)))}];
        for (ByteView rest = each.value(); !rest.empty(); rest = rest.subspan(kOffsetBytes))
            below[load_u32_be(rest.data())] = static_cast<Offset>(load_u64_be(rest.data() + 4));
    }
    return each.status();
}

bool Erasures::cover(PartitionId from, std::string_view device, Offset offset) const {
    if (all_.empty()) return false;
    const auto found = all_.find({from.stream, std::string(device)});
    if (found == all_.end()) return false;
    const auto below = found->second.find(from.index);
    return below != found->second.end() && offset < below->second;
}

void Erasures::stage(const Name& name, const Offsets& below, const kv::Family& family,
                     kv::WriteBatch& batch) {
    Bytes value;
    ByteWriter writer(value);
    for (const auto& [index, offset] : below) {
        writer.u32_be(index);
        writer.u64_be(static_cast<std::uint64_t>(offset));
    }
    batch.put(family, erasure_key(name.first, name.second), value);
}

void Erasures::stage_end(const Name& name, const kv::Family& family, kv::WriteBatch& batch) {
    batch.remove(family, erasure_key(name.first, name.second));
}

void Erasures::stage_rewind(PartitionId partition, Offset end, const kv::Family& family,
                            kv::WriteBatch& batch) const {
    for (auto [name, below] : all_) {
        const auto found = below.find(partition.index);
        if (!is_of(name, partition) || found == below.end() || found->second <= end) continue;
        found->second = end;
        stage(name, below, family, batch);
    }
}

void Erasures::rewind(PartitionId partition, Offset end) {
    for (auto& [name, below] : all_) {
        const auto found = below.find(partition.index);
        if (is_of(name, partition) && found != below.end())
            found->second = std::min(found->second, end);
    }
}

} // namespace holdfast::history
