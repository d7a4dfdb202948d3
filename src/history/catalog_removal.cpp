// A device leaves the catalog.
#include "history/catalog.hpp"

#include <algorithm>

namespace holdfast::history {
namespace {

bool holds(std::span<Group* const> groups, const Group& group) {
    return std::find(groups.begin(), groups.end(), &group) != groups.end();
}

} // namespace

// Cost: O(all groups), for each shape of the device.
void Catalog::stage_removal(std::span<Group* const> groups, const kv::Family& family,
                            kv::WriteBatch& batch) const {
    for (const Group* group : groups) {
        for (const Bytes& key : {group_key(group->id), sealed_key(group->id), seen_key(group->id),
                                 latest_key(group->id)})
            batch.remove(family, key);
        const bool is_shared = std::ranges::any_of(groups_, [&](const Group& other) {
            return other.shape == group->shape && !holds(groups, other);
        });
        if (!is_shared) batch.remove(family, shape_key(group->shape->id));
    }
}

void Catalog::remove(StreamId stream, const std::string& device) {
    const auto found = devices_.find({stream, device});
    if (found == devices_.end()) return;
    std::unordered_set<Shape*> shapes;
    for (Group* group : found->second) {
        shapes.insert(group->shape);
        row_key(group->from, group->shape->id, group->device, key_);
        groups_by_row_.erase(key_);
        groups_by_id_.erase(group->id);
        *group = Group();
        free_.push_back(group);
    }
    devices_.erase(found);
    for (Shape* shape : shapes) let_go(stream, *shape);
}

// Its fields stay known while another group has them, to the stream and to all.
void Catalog::let_go(StreamId stream, Shape& shape) {
    bool is_in_stream = false;
    bool is_anywhere = false;
    for (const Group& group : groups_) {
        if (group.shape != &shape) continue;
        is_anywhere = true;
        is_in_stream = is_in_stream || group.from.stream == stream;
    }
    if (!is_anywhere) shape.is_stored = false; // and stored again with the next group that has it
    if (is_in_stream) return;
    StreamShapes& known = shapes_of_[stream];
    known.known.erase(&shape);
    std::erase(known.in_order, &shape);
}

} // namespace holdfast::history
