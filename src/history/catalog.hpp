#pragma once

#include "history/head.hpp"
#include "history/keys.hpp"

#include <holdfast/history/store.hpp>
#include <holdfast/kv/database.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace holdfast::history {

// The fields of messages that look alike, in the order of the message.
struct Shape {
    ShapeId id = 0;
    std::vector<std::string> fields;
    bool is_stored = false;
};

// Of rows, whether they are kept still or not.
struct Seen {
    std::uint64_t rows = 0;
    std::int64_t first_ts_us = INT64_MAX;
    std::int64_t last_ts_us = INT64_MIN;

    void add(const Seen& other) noexcept;
};

// A device's messages of one shape that come through one partition of the log.
struct Group {
    GroupId id = 0;
    PartitionId from;
    std::string device;
    Shape* shape = nullptr; // the catalog's
    bool is_stored = false;
    Offset sealed_next = 0; // rows below are in chunks
    Seen sealed;
    Head head;

    [[nodiscard]] Seen seen() const noexcept; // with the head
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

    // The row's group, made where it is new and within the bounds. Errors, with the offender's
    // name: limit_exceeded, malformed (no name of a device).
    [[nodiscard]] Result<Group*> group_for(PartitionId from, const NewRow& row,
                                           const Bounds& bounds);
    // The same where it is known; else null.
    [[nodiscard]] const Group* find(PartitionId from, const NewRow& row);
    [[nodiscard]] const Group* find(GroupId group) const;
    // Adds to `batch` what the group's chunks need to be found again.
    void store(Group& group, const kv::Family& family, kv::WriteBatch& batch) const;
    static void is_now_stored(Group& group) noexcept;
    // Adds that rows of the group below `next` are in chunks.
    static void store_sealed(GroupId group, Offset next, const kv::Family& family,
                             kv::WriteBatch& batch);

    // Adds to `batch` that groups, all of one device, are gone, and the shapes that no other has.
    void stage_removal(std::span<Group* const> groups, const kv::Family& family,
                       kv::WriteBatch& batch) const;
    // Once that is stored. Their places are taken by groups to come.
    void remove(StreamId stream, const std::string& device);

    // Some may be empty places, which have no rows.
    [[nodiscard]] std::deque<Group>& groups() noexcept { return groups_; }
    [[nodiscard]] const std::deque<Group>& groups() const noexcept { return groups_; }
    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size() - free_.size(); }
    // By (stream, device), in byte order of the device.
    using Devices = std::map<std::pair<StreamId, std::string>, std::vector<Group*>>;
    [[nodiscard]] const Devices& devices() const noexcept { return devices_; }
    [[nodiscard]] const std::vector<Group*>* groups_of(StreamId stream,
                                                       std::string_view device) const;
    // Of all devices of a stream, in the order in which they were first seen.
    [[nodiscard]] std::span<Shape* const> shapes_of(StreamId stream) const;

private:
    [[nodiscard]] Result<void> load_entry(char tag, std::uint32_t id, ByteView value);
    Group& new_group();
    void note(Group& group);
    [[nodiscard]] Group* find_group(PartitionId from, const NewRow& row);
    [[nodiscard]] const Shape* find_shape(std::span<const FieldValue> values);
    Shape& shape_for(std::span<const FieldValue> values);
    static void row_key(PartitionId from, ShapeId shape, std::string_view device, std::string& key);
    void let_go(StreamId stream, Shape& shape);
    [[nodiscard]] Result<void> check_bounds(PartitionId from, const NewRow& row,
                                            const Bounds& bounds);

    std::deque<Shape> shapes_;
    std::unordered_map<ShapeId, Shape*> shapes_by_id_;
    std::unordered_map<std::string, Shape*> shapes_by_fields_;
    std::deque<Group> groups_;
    std::vector<Group*> free_; // empty places in `groups_`
    std::unordered_map<GroupId, Group*> groups_by_id_;
    std::unordered_map<std::string, Group*> groups_by_row_; // partition, shape and device
    Devices devices_;
    struct StreamShapes {
        std::vector<Shape*> in_order;
        std::unordered_set<const Shape*> known;
    };
    std::map<StreamId, StreamShapes> shapes_of_;
    const Shape* last_shape_ = nullptr; // that was found
    ShapeId next_shape_ = 1;
    GroupId next_group_ = 1;
    std::int64_t minute_ = 0; // of arrival, in which
    std::size_t new_in_minute_ = 0;
    std::string key_; // kept, so that a known row allocates nothing
};

} // namespace holdfast::history
