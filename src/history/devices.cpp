// What is known of devices without a look at their rows: when they spoke, and what they said last.
#include "history/store_impl.hpp"
#include "history/value_codec.hpp"

#include <fmt/format.h>

#include <set>
#include <unordered_map>
#include <utility>

namespace holdfast::history {
namespace {

DeviceSummary summarize(StreamId stream, const std::string& device,
                        const std::vector<Group*>& groups) {
    Seen seen;
    std::set<std::string_view> fields;
    for (const Group* group : groups) {
        seen.add(group->seen());
        fields.insert(group->shape->fields.begin(), group->shape->fields.end());
    }
    return {device, stream, seen.first_ts_us, seen.last_ts_us, seen.rows, fields.size()};
}

// The newest row of a group.
struct NewestRow {
    GroupId group = 0;
    std::vector<std::string> fields;
    std::int64_t ts_us = 0;
    Bytes values; // empty: not read yet
};

NewestRow newest_of(const Group& group) {
    NewestRow row{group.id, group.shape->fields, 0, {}};
    if (group.head.count() == 0 || group.head.newest_ts_us() < group.sealed.last_ts_us) return row;
    const ByteView values = group.head.newest_values();
    row.ts_us = group.head.newest_ts_us();
    row.values.assign(values.begin(), values.end());
    return row;
}

} // namespace

bool is_device_name(std::string_view key) noexcept {
    return !key.empty() && key.size() <= kDeviceNameBytesMax &&
           key.find('\0') == std::string_view::npos && is_utf8(key);
}

std::vector<DeviceSummary> Store::Impl::summaries(StreamId stream, std::string_view after,
                                                  std::size_t max) const {
    const std::lock_guard lock(mutex_);
    std::vector<DeviceSummary> out;
    const auto& devices = catalog_.devices();
    auto each = after.empty() ? devices.lower_bound({stream, {}})
                              : devices.upper_bound({stream, std::string(after)});
    for (; each != devices.end() && each->first.first == stream && out.size() < max; ++each)
        out.push_back(summarize(stream, each->first.second, each->second));
    return out;
}

std::optional<DeviceSummary> Store::Impl::summary(StreamId stream, std::string_view device) const {
    const std::lock_guard lock(mutex_);
    const auto* groups = catalog_.groups_of(stream, device);
    if (groups == nullptr) return std::nullopt;
    return summarize(stream, std::string(device), *groups);
}

Result<Latest> Store::Impl::latest(StreamId stream, std::string_view device) const {
    std::vector<NewestRow> rows;
    {
        const std::lock_guard lock(mutex_);
        if (const auto* groups = catalog_.groups_of(stream, device))
            for (const Group* group : *groups) rows.push_back(newest_of(*group));
    }
    Latest out;
    std::unordered_map<std::string, std::size_t> places;
    for (NewestRow& row : rows) {
        if (row.values.empty()) { // what is stored names its own time, also when it is newer by now
            HF_TRY(const auto stored, database_->get(meta_, latest_key(row.group)));
            if (!stored)
                continue; // its rows are in a head that is empty by now, or were stored
                          // before this was kept
            ByteReader in(as_bytes(*stored));
            HF_TRY(const auto ts, in.u64_be());
            row.ts_us = static_cast<std::int64_t>(ts);
            const ByteView values = in.rest();
            row.values.assign(values.begin(), values.end());
        }
        out.texts.push_back(std::move(row.values));
        ByteReader in(out.texts.back());
        for (std::string& field : row.fields) {
            auto value = read_value(in);
            if (!value)
                return fail(Errc::corrupt, fmt::format("history of '{}': its last values: {}",
                                                       device, value.error().context));
            const auto [place, is_new] = places.try_emplace(field, out.values.size());
            if (is_new) out.values.push_back({std::move(field), row.ts_us, value.value()});
            LatestValue& known = out.values[place->second];
            if (row.ts_us > known.ts_us) known = {known.field, row.ts_us, value.value()};
        }
    }
    return out;
}

} // namespace holdfast::history
