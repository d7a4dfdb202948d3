#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/log/append.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::log {

// Committed offsets of consumer groups (docs/format/log.md).
inline constexpr Keyspace kGroupsKeyspace{"groups"};

// How far a consumer group has come in one partition.
struct GroupOffset {
    PartitionId partition;
    Offset offset = 0;              // of the next record that the group wants
    std::int32_t leader_epoch = -1; // as the client gave it; -1 = none
    std::string metadata;           // the client's own, at most kMetadataMax bytes
    std::int64_t committed_ms = 0;  // set when it is stored
    friend bool operator==(const GroupOffset&, const GroupOffset&) = default;
};

// The offsets that consumer groups have committed: keyed state of the log, so that a transaction
// stores them with its markers. Knows nothing of members. Thread-safe.
class GroupOffsets {
public:
    static constexpr std::size_t kNameMax = 255;
    static constexpr std::size_t kMetadataMax = 4096;

    GroupOffsets(Log& log, const Clock& clock) : log_(log), clock_(clock) {}

    // What to put into an AppendGroup that stores them. Errors: malformed (name, metadata,
    // negative offset).
    [[nodiscard]] Result<std::vector<StateChange>> changes(
        std::string_view group, std::span<const GroupOffset> offsets) const;
    // Stores them and waits until they are durable. Errors: as changes() and of a write.
    [[nodiscard]] Result<void> commit(std::string_view group, std::span<const GroupOffset> offsets);
    // Forgets the group. Errors: not_found, of a write.
    [[nodiscard]] Result<void> remove(std::string_view group);

    // By stream and partition; empty for a group that is not known. Errors: corrupt, io.
    [[nodiscard]] Result<std::vector<GroupOffset>> of(std::string_view group) const;
    [[nodiscard]] Result<std::optional<GroupOffset>> find(std::string_view group,
                                                          PartitionId partition) const;
    // Names of all groups that have offsets, in order. Errors: io.
    [[nodiscard]] Result<std::vector<std::string>> groups() const;

    // Forgets offsets that were committed before `before_ms`, and those of streams that are gone,
    // unless `is_active` says that the group has members. How many. Errors: corrupt, io, of a
    // write.
    [[nodiscard]] Result<std::size_t> expire(
        std::int64_t before_ms, const std::function<bool(std::string_view group)>& is_active);

private:
    Log& log_;
    const Clock& clock_;
};

} // namespace holdfast::log
