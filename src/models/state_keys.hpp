#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/models/keyspace.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::models {

// Keys of kKeyspace, docs/format/models.md. A name holds no NUL, so a model's keys stand
// together and no other's begin like them.

[[nodiscard]] inline std::string text_key(std::string_view model) {
    return std::string(model) + '\0' + 't';
}

// Who made it.
[[nodiscard]] inline std::string maker_key(std::string_view model) {
    return std::string(model) + '\0' + 'm';
}

[[nodiscard]] inline std::string partition_prefix(std::string_view model, char kind,
                                                  PartitionId partition) {
    std::string key = std::string(model) + '\0' + kind;
    std::byte number_bytes[8];
    store_u32_be(number_bytes, number(partition.stream));
    store_u32_be(number_bytes + 4, partition.index);
    key += as_text(number_bytes);
    return key;
}
// A partition that the model is still to be primed for: the offset that it goes on at if it cannot
// be. Gone once it is live there.
[[nodiscard]] inline std::string priming_key(std::string_view model, PartitionId partition) {
    return partition_prefix(model, 'p', partition);
}
// The offset up to which the partition's device states stand.
[[nodiscard]] inline std::string offset_key(std::string_view model, PartitionId partition) {
    return partition_prefix(model, 'o', partition);
}
[[nodiscard]] inline std::string device_prefix(std::string_view model, PartitionId partition) {
    return partition_prefix(model, 'd', partition);
}

[[nodiscard]] inline std::string encode_offset(Offset offset) {
    std::byte bytes[8];
    store_u64_be(bytes, static_cast<std::uint64_t>(offset));
    return std::string(as_text(bytes));
}
[[nodiscard]] inline std::optional<Offset> decode_offset(std::string_view value) {
    if (value.size() != 8) return std::nullopt;
    return static_cast<Offset>(load_u64_be(as_bytes(value).data()));
}

} // namespace holdfast::models
