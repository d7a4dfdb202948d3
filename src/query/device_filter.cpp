#include "query/device_filter.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/record/partitioner.hpp>

#include <algorithm>
#include <iterator>

namespace holdfast::query {
namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::SourcePlan;
using Devices = std::vector<std::string>; // sorted, each once

bool is_device(const Expression& e, const SourcePlan& source) {
    return e.kind == ExpressionKind::slot && e.slot < source.fields.size() &&
           source.fields[e.slot].kind == column::FieldKind::device;
}

bool is_text(const Expression& e) {
    return e.kind == ExpressionKind::literal && e.literal.type() == column::Type::text;
}

void tidy(Devices& devices) {
    std::sort(devices.begin(), devices.end());
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
}

// What a condition says of the device: `device = 'x'`, `device IN ('x', 'y')`, and such with OR.
std::optional<Devices> devices_in(const Expression& e, const SourcePlan& source) {
    if (e.kind == ExpressionKind::comparison && e.comparison == column::Comparison::equal) {
        for (const std::size_t side : {std::size_t{0}, std::size_t{1}})
            if (is_device(*e.args[side], source) && is_text(*e.args[1 - side]))
                return Devices{std::string(e.args[1 - side]->literal.as_text())};
        return std::nullopt;
    }
    if (e.kind == ExpressionKind::in_list && !e.is_negated && is_device(*e.args[0], source)) {
        Devices devices;
        for (std::size_t i = 1; i < e.args.size(); ++i) {
            if (!is_text(*e.args[i])) return std::nullopt;
            devices.emplace_back(e.args[i]->literal.as_text());
        }
        tidy(devices);
        return devices;
    }
    if (e.kind == ExpressionKind::logical_or) {
        auto left = devices_in(*e.args[0], source);
        auto right = left ? devices_in(*e.args[1], source) : std::nullopt;
        if (!right) return std::nullopt;
        std::move(right->begin(), right->end(), std::back_inserter(*left));
        tidy(*left);
        return left;
    }
    return std::nullopt;
}

Devices in_both(const Devices& left, const Devices& right) {
    Devices both;
    std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                          std::back_inserter(both));
    return both;
}

} // namespace

std::optional<DeviceFilter> DeviceFilter::of(const SourcePlan& source) {
    if (source.kind == SourcePlan::Kind::table) return std::nullopt;
    if (source.kind == SourcePlan::Kind::latest &&
        source.fields[0].kind != column::FieldKind::device)
        return std::nullopt;
    std::optional<Devices> all;
    for (const auto& filter : source.filters)
        if (auto devices = devices_in(*filter, source))
            all = all ? in_both(*all, *devices) : std::move(*devices);
    if (!all) return std::nullopt;
    return DeviceFilter(std::move(*all));
}

DeviceFilter::DeviceFilter(std::vector<std::string> devices) : devices_(std::move(devices)) {
    for (const std::string& device : devices_)
        hashes_.push_back(record::key_hash(as_bytes(device)));
}

bool DeviceFilter::contains(std::string_view device) const {
    return std::binary_search(devices_.begin(), devices_.end(), device);
}

bool DeviceFilter::may_lie_in(PartitionIndex partition, PartitionIndex partitions) const {
    return std::ranges::any_of(hashes_, [&](std::uint32_t hash) {
        return record::partition_for(hash, partitions) == partition;
    });
}

} // namespace holdfast::query
