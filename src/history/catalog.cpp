#include "history/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace holdfast::history {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::size_t kFieldsMax = 65'534; // the field's number is 16 bits of a chunk's key

void append_text(std::string& key, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    key.append(reinterpret_cast<const char*>(&size), sizeof size); // so that no two run together
    key.append(text);
}

Bytes encode(const Shape& shape) {
    Bytes value;
    ByteWriter writer(value);
    writer.varlong(static_cast<std::int64_t>(shape.fields.size()));
    for (const std::string& field : shape.fields) {
        writer.varlong(static_cast<std::int64_t>(field.size()));
        writer.text(field);
    }
    return value;
}

Result<std::vector<std::string>> decode_fields(ByteReader& in) {
    std::vector<std::string> fields;
    HF_TRY(const auto count, in.varlong());
    for (std::int64_t i = 0; i < count; ++i) {
        HF_TRY(const auto size, in.varlong());
        if (size < 0) return fail(Errc::corrupt, "a name shorter than nothing");
        HF_TRY(const ByteView name, in.take(static_cast<std::size_t>(size)));
        fields.emplace_back(as_text(name));
    }
    return fields;
}

Bytes encode(const Group& group) {
    Bytes value;
    ByteWriter writer(value);
    writer.u32_be(number(group.from.stream));
    writer.u32_be(group.from.index);
    writer.u32_be(group.shape->id);
    writer.text(group.device);
    return value;
}

Bytes encode_offset(Offset offset) {
    Bytes value;
    ByteWriter(value).u64_be(static_cast<std::uint64_t>(offset));
    return value;
}

Bytes encode(const Seen& seen) {
    Bytes value;
    ByteWriter writer(value);
    writer.u64_be(seen.rows);
    writer.u64_be(static_cast<std::uint64_t>(seen.first_ts_us));
    writer.u64_be(static_cast<std::uint64_t>(seen.last_ts_us));
    return value;
}

Result<Seen> decode_seen(ByteReader& in) {
    Seen seen;
    HF_TRY(seen.rows, in.u64_be());
    HF_TRY(const auto first, in.u64_be());
    HF_TRY(const auto last, in.u64_be());
    seen.first_ts_us = static_cast<std::int64_t>(first);
    seen.last_ts_us = static_cast<std::int64_t>(last);
    return seen;
}

} // namespace

void Catalog::row_key(PartitionId from, ShapeId shape, std::string_view device, std::string& key) {
    const std::uint32_t numbers[] = {number(from.stream), from.index, shape};
    key.assign(reinterpret_cast<const char*>(numbers), sizeof numbers);
    key.append(device);
}

void Seen::add(const Seen& other) noexcept {
    rows += other.rows;
    first_ts_us = std::min(first_ts_us, other.first_ts_us);
    last_ts_us = std::max(last_ts_us, other.last_ts_us);
}

Seen Group::seen() const noexcept {
    Seen all = sealed;
    all.add({head.count(), head.oldest_ts_us(), head.newest_ts_us()});
    return all;
}

Result<void> Catalog::load(const kv::Database& database) {
    const kv::Family family = database.family("default");
    for (const char tag : {'s', 'g', 'p', 't'}) { // each needs what stands before it
        const std::byte first[] = {static_cast<std::byte>(tag)};
        kv::Iterator each = database.iterate(family);
        for (each.seek(first); each.valid(); each.next()) {
            const ByteView key = each.key();
            if (key.empty() || key[0] != first[0]) break;
            auto read = key.size() == 5 ? load_entry(tag, load_u32_be(key.data() + 1), each.value())
                                        : fail(Errc::corrupt, "a key of a wrong length");
            if (!read)
                return fail(Errc::corrupt, fmt::format("history: entry '{}' of the catalog: {}",
                                                       tag, read.error().context));
        }
        HF_TRY(each.status());
    }
    return ok();
}

Result<void> Catalog::load_entry(char tag, std::uint32_t id, ByteView value) {
    ByteReader in(value);
    if (tag == 's') {
        HF_TRY(auto fields, decode_fields(in));
        Shape& shape = shapes_.emplace_back(Shape{id, std::move(fields), true});
        std::string key;
        for (const std::string& field : shape.fields) append_text(key, field);
        shapes_by_fields_.emplace(std::move(key), &shape);
        shapes_by_id_.emplace(id, &shape);
        next_shape_ = std::max(next_shape_, id + 1);
        return ok();
    }
    if (tag == 'p') {
        HF_TRY(const auto offset, in.u64_be());
        const auto found = groups_by_id_.find(id);
        if (found == groups_by_id_.end()) return fail(Errc::corrupt, "an offset of no group");
        found->second->sealed_next = static_cast<Offset>(offset);
        return ok();
    }
    if (tag == 't') {
        const auto found = groups_by_id_.find(id);
        if (found == groups_by_id_.end()) return fail(Errc::corrupt, "times of no group");
        HF_TRY(found->second->sealed, decode_seen(in));
        return ok();
    }
    HF_TRY(const auto stream, in.u32_be());
    HF_TRY(const auto index, in.u32_be());
    HF_TRY(const auto shape, in.u32_be());
    const auto found = shapes_by_id_.find(shape);
    if (found == shapes_by_id_.end()) return fail(Errc::corrupt, "a group of no shape");
    Group& group = new_group();
    group.id = id;
    group.from = {StreamId{stream}, index};
    group.device = as_text(in.rest());
    group.shape = found->second;
    group.is_stored = true;
    note(group);
    next_group_ = std::max(next_group_, id + 1);
    return ok();
}

Group& Catalog::new_group() {
    if (free_.empty()) return groups_.emplace_back();
    Group& group = *free_.back();
    free_.pop_back();
    return group;
}

void Catalog::note(Group& group) {
    row_key(group.from, group.shape->id, group.device, key_);
    groups_by_row_.emplace(key_, &group);
    groups_by_id_.emplace(group.id, &group);
    devices_[{group.from.stream, group.device}].push_back(&group);
    StreamShapes& shapes = shapes_of_[group.from.stream];
    if (shapes.known.insert(group.shape).second) shapes.in_order.push_back(group.shape);
}

Shape& Catalog::shape_for(std::span<const FieldValue> values) {
    key_.clear();
    for (const FieldValue& value : values) append_text(key_, value.path);
    const auto found = shapes_by_fields_.find(key_);
    if (found != shapes_by_fields_.end()) return *found->second;
    Shape& shape = shapes_.emplace_back();
    shape.id = next_shape_++;
    for (const FieldValue& value : values) shape.fields.emplace_back(value.path);
    shapes_by_fields_.emplace(key_, &shape);
    shapes_by_id_.emplace(shape.id, &shape);
    return shape;
}

const Shape* Catalog::find_shape(std::span<const FieldValue> values) {
    const auto same = [](const FieldValue& value, const std::string& field) {
        return value.path == field;
    };
    // Mostly that of the row before, for which no key is made.
    if (last_shape_ != nullptr && std::ranges::equal(values, last_shape_->fields, same))
        return last_shape_;
    key_.clear();
    for (const FieldValue& value : values) append_text(key_, value.path);
    const auto found = shapes_by_fields_.find(key_);
    if (found == shapes_by_fields_.end()) return nullptr;
    last_shape_ = found->second;
    return last_shape_;
}

Result<void> Catalog::check_bounds(PartitionId from, const NewRow& row, const Bounds& bounds) {
    const auto* known = groups_of(from.stream, row.device);
    if (!is_device_name(row.device))
        return fail(Errc::malformed,
                    fmt::format("key {:?}: a device's name is UTF-8 without NUL, of at most {} "
                                "bytes",
                                row.device.substr(0, kDeviceNameBytesMax), kDeviceNameBytesMax));
    if (known == nullptr && devices_.size() >= bounds.devices)
        return fail(Errc::limit_exceeded,
                    fmt::format("device '{}': more than {} devices", row.device, bounds.devices));
    std::set<std::string_view> fields;
    for (const FieldValue& value : row.values) fields.insert(value.path);
    if (known != nullptr)
        for (const Group* group : *known)
            fields.insert(group->shape->fields.begin(), group->shape->fields.end());
    if (fields.size() > std::min(bounds.fields_per_device, kFieldsMax))
        return fail(Errc::limit_exceeded, fmt::format("device '{}': more than {} fields",
                                                      row.device, bounds.fields_per_device));
    const std::int64_t minute = row.arrival_us / kMinuteUs;
    if (minute != minute_) new_in_minute_ = 0;
    minute_ = minute;
    if (new_in_minute_ >= bounds.new_series_per_minute)
        return fail(Errc::limit_exceeded,
                    fmt::format("device '{}': more than {} new series in a minute", row.device,
                                bounds.new_series_per_minute));
    ++new_in_minute_;
    return ok();
}

Group* Catalog::find_group(PartitionId from, const NewRow& row) {
    const Shape* shape = find_shape(row.values);
    if (shape == nullptr) return nullptr;
    row_key(from, shape->id, row.device, key_);
    const auto found = groups_by_row_.find(key_);
    return found == groups_by_row_.end() ? nullptr : found->second;
}

const Group* Catalog::find(PartitionId from, const NewRow& row) {
    return find_group(from, row);
}

const Group* Catalog::find(GroupId group) const {
    const auto found = groups_by_id_.find(group);
    return found == groups_by_id_.end() ? nullptr : found->second;
}

Result<Group*> Catalog::group_for(PartitionId from, const NewRow& row, const Bounds& bounds) {
    if (row.values.size() > kFieldsMax)
        return fail(Errc::limit_exceeded,
                    fmt::format("device '{}': more than {} fields", row.device, kFieldsMax));
    // A shape is looked up by its names, and a new one is made only once it is within the bounds.
    if (Group* known = find_group(from, row)) return known;
    HF_TRY(check_bounds(from, row, bounds));
    Group& group = new_group();
    group.id = next_group_++;
    group.from = from;
    group.device = row.device;
    group.shape = &shape_for(row.values);
    note(group);
    return &group;
}

void Catalog::store(Group& group, const kv::Family& family, kv::WriteBatch& batch) const {
    if (!group.shape->is_stored)
        batch.put(family, shape_key(group.shape->id), encode(*group.shape));
    if (!group.is_stored) batch.put(family, group_key(group.id), encode(group));
    const Offset next = group.head.count() > 0 ? group.head.last_offset() + 1 : group.sealed_next;
    store_sealed(group.id, next, family, batch);
    batch.put(family, seen_key(group.id), encode(group.seen()));
    if (group.head.count() == 0 || group.head.newest_ts_us() < group.sealed.last_ts_us) return;
    Bytes newest;
    ByteWriter(newest).u64_be(static_cast<std::uint64_t>(group.head.newest_ts_us()));
    const ByteView values = group.head.newest_values();
    newest.insert(newest.end(), values.begin(), values.end());
    batch.put(family, latest_key(group.id), newest);
}

void Catalog::store_sealed(GroupId group, Offset next, const kv::Family& family,
                           kv::WriteBatch& batch) {
    batch.put(family, sealed_key(group), encode_offset(next));
}

void Catalog::is_now_stored(Group& group) noexcept {
    group.shape->is_stored = true;
    group.is_stored = true;
    group.sealed = group.seen();
    if (group.head.count() > 0) group.sealed_next = group.head.last_offset() + 1;
}

std::span<Shape* const> Catalog::shapes_of(StreamId stream) const {
    const auto found = shapes_of_.find(stream);
    if (found == shapes_of_.end()) return {};
    return found->second.in_order;
}

const std::vector<Group*>* Catalog::groups_of(StreamId stream, std::string_view device) const {
    const auto found = devices_.find({stream, std::string(device)});
    return found == devices_.end() ? nullptr : &found->second;
}

} // namespace holdfast::history
