#include <holdfast/log/group_offsets.hpp>

#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::log {

namespace {

constexpr std::size_t kPartitionBytes = 8; // stream 4 | partition 4

// Group, 0, stream, partition: docs/format/log.md.
std::string group_prefix(std::string_view group) {
    std::string prefix(group);
    prefix.push_back('\0');
    return prefix;
}

std::string key_of(std::string_view group, PartitionId partition) {
    Bytes where;
    ByteWriter writer(where);
    writer.u32_be(number(partition.stream));
    writer.u32_be(partition.index);
    return group_prefix(group).append(as_text(where));
}

struct Key {
    std::string_view group;
    PartitionId partition;
};

Result<Key> split(std::string_view key) {
    if (key.size() < kPartitionBytes + 2 || key[key.size() - kPartitionBytes - 1] != '\0')
        return fail(Errc::corrupt, "the key of a group's offset");
    const ByteView where = as_bytes(key.substr(key.size() - kPartitionBytes));
    return Key{key.substr(0, key.size() - kPartitionBytes - 1),
               {StreamId{load_u32_be(where.data())}, load_u32_be(where.data() + 4)}};
}

std::string encode(const GroupOffset& offset) {
    Bytes value;
    ByteWriter writer(value);
    writer.u64_be(static_cast<std::uint64_t>(offset.offset));
    writer.u32_be(static_cast<std::uint32_t>(offset.leader_epoch));
    writer.u64_be(static_cast<std::uint64_t>(offset.committed_ms));
    writer.text(offset.metadata);
    return std::string(as_text(value));
}

Result<GroupOffset> decode(PartitionId partition, std::string_view value) {
    ByteReader reader(as_bytes(value));
    const auto offset = reader.u64_be();
    const auto leader_epoch = reader.u32_be();
    const auto committed_ms = reader.u64_be();
    if (!committed_ms) return fail(Errc::corrupt, "a group's offset is cut short");
    return GroupOffset{partition, static_cast<Offset>(offset.value()),
                       static_cast<std::int32_t>(leader_epoch.value()),
                       std::string(as_text(reader.rest())),
                       static_cast<std::int64_t>(committed_ms.value())};
}

} // namespace

Result<std::vector<StateChange>> GroupOffsets::changes(std::string_view group,
                                                       std::span<const GroupOffset> offsets) const {
    if (group.empty() || group.size() > kNameMax || group.find('\0') != std::string_view::npos ||
        !is_utf8(group))
        return fail(
            Errc::malformed,
            fmt::format("a group's name has 1 to {} bytes of UTF-8, none of them 0", kNameMax));
    std::vector<StateChange> changes;
    for (GroupOffset offset : offsets) {
        if (offset.offset < 0)
            return fail(Errc::malformed,
                        fmt::format("group '{}': offset {} is negative", group, offset.offset));
        if (offset.metadata.size() > kMetadataMax)
            return fail(Errc::malformed, fmt::format("group '{}': metadata of {} bytes, at most {}",
                                                     group, offset.metadata.size(), kMetadataMax));
        offset.committed_ms = clock_.now_ms();
        changes.push_back({kGroupsKeyspace, key_of(group, offset.partition), encode(offset)});
    }
    return changes;
}

Result<void> GroupOffsets::commit(std::string_view group, std::span<const GroupOffset> offsets) {
    HF_TRY(auto changes, this->changes(group, offsets));
    return StateWrite::write(log_, std::move(changes));
}

Result<void> GroupOffsets::remove(std::string_view group) {
    HF_TRY(const auto offsets, of(group));
    if (offsets.empty()) return fail(Errc::not_found, fmt::format("there is no group '{}'", group));
    std::vector<StateChange> changes;
    for (const GroupOffset& offset : offsets)
        changes.push_back({kGroupsKeyspace, key_of(group, offset.partition), {}});
    return StateWrite::write(log_, std::move(changes));
}

Result<std::vector<GroupOffset>> GroupOffsets::of(std::string_view group) const {
    std::vector<GroupOffset> offsets;
    Result<void> decoded = ok();
    HF_TRY(log_.scan_state(
        kGroupsKeyspace, group_prefix(group), [&](std::string_view key, std::string_view value) {
            const auto where = split(key);
            auto offset =
                where ? decode(where.value().partition, value) : Result<GroupOffset>(where.error());
            if (offset)
                offsets.push_back(std::move(offset).value());
            else
                decoded = offset.error();
            return decoded.has_value();
        }));
    HF_TRY(decoded);
    return offsets;
}

Result<std::optional<GroupOffset>> GroupOffsets::find(std::string_view group,
                                                      PartitionId partition) const {
    HF_TRY(const auto value, log_.state(kGroupsKeyspace, key_of(group, partition)));
    if (!value) return std::optional<GroupOffset>();
    HF_TRY(auto offset, decode(partition, *value));
    return std::optional(std::move(offset));
}

Result<std::vector<std::string>> GroupOffsets::groups() const {
    std::vector<std::string> names;
    HF_TRY(log_.scan_state(kGroupsKeyspace, "", [&](std::string_view key, std::string_view) {
        const std::string_view group = key.substr(0, key.find('\0'));
        if (names.empty() || names.back() != group) names.emplace_back(group);
        return true;
    }));
    return names;
}

Result<std::size_t> GroupOffsets::expire(
    std::int64_t before_ms, const std::function<bool(std::string_view group)>& is_active) {
    std::vector<StateChange> changes;
    HF_TRY(log_.scan_state(kGroupsKeyspace, "", [&](std::string_view key, std::string_view value) {
        const auto where = split(key);
        if (!where) return true; // of() says so to whom it concerns
        const auto offset = decode(where.value().partition, value);
        const bool is_old =
            offset && offset.value().committed_ms < before_ms && !is_active(where.value().group);
        if (is_old || log_.find_stream(where.value().partition.stream) == nullptr)
            changes.push_back({kGroupsKeyspace, std::string(key), {}});
        return true;
    }));
    const std::size_t count = changes.size();
    HF_TRY(StateWrite::write(log_, std::move(changes)));
    return count;
}

} // namespace holdfast::log
