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

void row_key(PartitionId from, ShapeId shape, std::string_view device, std::string& key) {
    const std::uint32_t numbers[] = {number(from.stream), from.index, shape};
    key.assign(reinterpret_cast<const char*>(numbers), sizeof numbers);
    key.append(device);
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

} // namespace

Result<void> Catalog::load(const kv::Database& database) {
    const kv::Family family = database.family("default");
    for (const char tag : {'s', 'g', 'p'}) { // each needs what stands before it
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
    HF_TRY(const auto stream, in.u32_be());
    HF_TRY(const auto index, in.u32_be());
    HF_TRY(const auto shape, in.u32_be());
    const auto found = shapes_by_id_.find(shape);
    if (found == shapes_by_id_.end()) return fail(Errc::corrupt, "a group of no shape");
    Group& group = groups_.emplace_back();
    group.id = id;
    group.from = {StreamId{stream}, index};
    group.device = as_text(in.rest());
    group.shape = found->second;
    group.is_stored = true;
    row_key(group.from, shape, group.device, key_);
    groups_by_row_.emplace(key_, &group);
    groups_by_id_.emplace(id, &group);
    devices_[{group.from.stream, group.device}].push_back(&group);
    next_group_ = std::max(next_group_, id + 1);
    return ok();
}

Shape& Catalog::shape_for(std::span<const FieldValue> values) {
    key_.clear();
    for (const FieldValue& value : values) append_text(key_, value.field);
    const auto found = shapes_by_fields_.find(key_);
    if (found != shapes_by_fields_.end()) return *found->second;
    Shape& shape = shapes_.emplace_back();
    shape.id = next_shape_++;
    for (const FieldValue& value : values) shape.fields.emplace_back(value.field);
    shapes_by_fields_.emplace(key_, &shape);
    shapes_by_id_.emplace(shape.id, &shape);
    return shape;
}

Result<void> Catalog::check_bounds(PartitionId from, const NewRow& row, const Bounds& bounds) {
    const auto* known = groups_of(from.stream, row.device);
    if (known == nullptr && devices_.size() >= bounds.devices)
        return fail(Errc::limit_exceeded,
                    fmt::format("device '{}': more than {} devices", row.device, bounds.devices));
    std::set<std::string_view> fields;
    for (const FieldValue& value : row.values) fields.insert(value.field);
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

Result<Group*> Catalog::group_for(PartitionId from, const NewRow& row, const Bounds& bounds) {
    if (row.values.size() > kFieldsMax)
        return fail(Errc::limit_exceeded,
                    fmt::format("device '{}': more than {} fields", row.device, kFieldsMax));
    // A shape is looked up by its names, and a new one is made only once it is within the bounds.
    key_.clear();
    for (const FieldValue& value : row.values) append_text(key_, value.field);
    const auto shape = shapes_by_fields_.find(key_);
    if (shape != shapes_by_fields_.end()) {
        row_key(from, shape->second->id, row.device, key_);
        const auto found = groups_by_row_.find(key_);
        if (found != groups_by_row_.end()) return found->second;
    }
    HF_TRY(check_bounds(from, row, bounds));
    Group& group = groups_.emplace_back();
    group.id = next_group_++;
    group.from = from;
    group.device = row.device;
    group.shape = &shape_for(row.values);
    row_key(from, group.shape->id, row.device, key_);
    groups_by_row_.emplace(key_, &group);
    groups_by_id_.emplace(group.id, &group);
    devices_[{from.stream, group.device}].push_back(&group);
    return &group;
}

void Catalog::store(Group& group, const kv::Family& family, kv::WriteBatch& batch) const {
    if (!group.shape->is_stored)
        batch.put(family, shape_key(group.shape->id), encode(*group.shape));
    if (!group.is_stored) batch.put(family, group_key(group.id), encode(group));
    const Offset next = group.head.count() > 0 ? group.head.last_offset() + 1 : group.sealed_next;
    batch.put(family, sealed_key(group.id), encode_offset(next));
}

void Catalog::is_now_stored(Group& group) noexcept {
    group.shape->is_stored = true;
    group.is_stored = true;
    if (group.head.count() > 0) group.sealed_next = group.head.last_offset() + 1;
}

const std::vector<Group*>* Catalog::groups_of(StreamId stream, std::string_view device) const {
    const auto found = devices_.find({stream, std::string(device)});
    return found == devices_.end() ? nullptr : &found->second;
}

} // namespace holdfast::history
