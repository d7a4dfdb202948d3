#pragma once

#include "history/head.hpp"
#include "history/keys.hpp"

#include <holdfast/history/store.hpp>
#include <holdfast/kv/database.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace holdfast::history {

// The fields of messages that look alike, in the order of the message.
struct Shape {
    ShapeId id = 0;
    std::vector<std::string> fields;
    bool is_stored = false;
};

// A device's messages of one shape that come through one partition of the log.
struct Group {
    GroupId id = 0;
    PartitionId from;
    std::string device;
    Shape* shape = nullptr; // the catalog's
    bool is_stored = false;
    Offset sealed_next = 0; // rows below are in chunks
    Head head;
};

// Which groups there are. What is new is stored with the first chunk of the group, so what a crash
// forgets has left no trace. Not thread-safe; addresses of groups and shapes stay.
class Catalog {
public:
    Catalog() = default;
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;

    // corrupt, io.
    [[nodiscard]] Result<void> load(const kv::Database& database);

    // The row's group, made where it is new and within the bounds; else limit_exceeded, with the
    // offender's name.
    [[nodiscard]] Result<Group*> group_for(PartitionId from, const NewRow& row,
                                           const Bounds& bounds);
    // Adds to `batch` what the group's chunks need to be found again.
    void store(Group& group, const kv::Family& family, kv::WriteBatch& batch) const;
    static void is_now_stored(Group& group) noexcept;

    [[nodiscard]] std::deque<Group>& groups() noexcept { return groups_; }
    [[nodiscard]] const std::deque<Group>& groups() const noexcept { return groups_; }
    // By (stream, device), in byte order of the device.
    using Devices = std::map<std::pair<StreamId, std::string>, std::vector<Group*>>;
    [[nodiscard]] const Devices& devices() const noexcept { return devices_; }
    [[nodiscard]] const std::vector<Group*>* groups_of(StreamId stream,
                                                       std::string_view device) const;

private:
    [[nodiscard]] Result<void> load_entry(char tag, std::uint32_t id, ByteView value);
    Shape& shape_for(std::span<const FieldValue> values);
    [[nodiscard]] Result<void> check_bounds(PartitionId from, const NewRow& row,
                                            const Bounds& bounds);

    std::deque<Shape> shapes_;
    std::unordered_map<ShapeId, Shape*> shapes_by_id_;
    std::unordered_map<std::string, Shape*> shapes_by_fields_;
    std::deque<Group> groups_;
    std::unordered_map<GroupId, Group*> groups_by_id_;
    std::unordered_map<std::string, Group*> groups_by_row_; // partition, shape and device
    Devices devices_;
    ShapeId next_shape_ = 1;
    GroupId next_group_ = 1;
    std::int64_t minute_ = 0; // of arrival, in which
    std::size_t new_in_minute_ = 0;
    std::string key_; // kept, so that a known row allocates nothing
};

} // namespace holdfast::history
