// Taking stock of a device: under the lock no more than copies of its heads, decoded behind it.
#include "history/device_view.hpp"

#include "history/store_impl.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::history {
namespace {

GroupView view_of_group(const Group& group, std::span<const std::string> fields) {
    GroupView view;
    view.id = group.id;
    const auto& names = group.shape->fields;
    view.fields = names.size();
    for (const std::string& field : fields) {
        const auto found = std::find(names.begin(), names.end(), field);
        view.columns.emplace_back();
        if (found != names.end())
            view.columns.back() = static_cast<std::size_t>(found - names.begin());
    }
    return view;
}

// Rows outside of the range are at times of their own: they fold none of those inside.
void decode_head(const Head& head, DeviceView& device, GroupView& group) {
    group.head = head.rows(group.fields);
    append_refs(group.head, group.head_refs);
    std::erase_if(group.head_refs,
                  [&](const RowRef& ref) { return !device.range.holds(ref.ts_us()); });
    order_and_fold(group.head_refs);
    device.head_bytes +=
        group.head.size() * (kRowBytes + group.fields * kValueBytes) + group.head.texts.bytes();
    for (const RowRef& ref : group.head_refs)
        device.partitions.try_emplace(partition_of(ref.ts_us(), device.partition_us));
}

} // namespace

std::span<const RowRef> head_rows_in(const GroupView& group, TimeRange range) {
    const auto is_before = [](const RowRef& ref, std::int64_t us) { return ref.ts_us() < us; };
    const auto from =
        std::lower_bound(group.head_refs.begin(), group.head_refs.end(), range.from_us, is_before);
    return {from, std::lower_bound(from, group.head_refs.end(), range.to_us, is_before)};
}

bool has_needed(const GroupView& group, std::span<const std::size_t> needed) {
    return std::ranges::all_of(needed,
                               [&](std::size_t field) { return group.columns[field].has_value(); });
}

DeviceView Store::Impl::view_of(StreamId stream, const std::string& device,
                                std::span<const std::string> fields, TimeRange range) const {
    DeviceView view;
    view.device = device;
    view.partition_us = options_.partition_us;
    std::vector<std::pair<GroupView*, Head>> heads;
    {
        const std::lock_guard lock(mutex_);
        view.kept_from_us = partitions_.kept_from_us(stream);
        range.from_us = std::max(range.from_us, view.kept_from_us);
        view.range = range;
        view.chunks_end = next_chunk_;
        view.told_below = told_below_locked(stream);
        if (const auto* groups = catalog_.groups_of(stream, device))
            for (const Group* group : *groups) {
                view.groups.push_back(view_of_group(*group, fields));
                const auto told = view.told_below.find(group->from.index);
                if (told == view.told_below.end() || group->sealed_next > told->second)
                    view.is_ahead = true;
                const Head& head = group->head;
                if (head.count() > 0 && head.newest_ts_us() >= range.from_us &&
                    head.oldest_ts_us() < range.to_us)
                    heads.emplace_back(&view.groups.back(), head);
            }
        for (const auto& [start, family] : partitions_.of(stream))
            if (!view.groups.empty() && start < range.to_us &&
                start + options_.partition_us > range.from_us)
                view.partitions[start] = family;
    }
    for (const auto& [group, head] : heads) decode_head(head, view, *group);
    return view;
}

} // namespace holdfast::history
