#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::query {

// The devices, which are record keys, that a source's filters let through.
class DeviceFilter {
public:
    // Nothing where any device may pass. Of `latest` only where the key is the device: what
    // replaces a row is then of the same device.
    [[nodiscard]] static std::optional<DeviceFilter> of(const sql::SourcePlan& source);

    [[nodiscard]] const std::vector<std::string>& devices() const noexcept { return devices_; }
    [[nodiscard]] bool contains(std::string_view device) const;
    // Whether the partitioner puts one of them there, among `partitions`.
    [[nodiscard]] bool may_lie_in(PartitionIndex partition, PartitionIndex partitions) const;

private:
    explicit DeviceFilter(std::vector<std::string> devices);

    std::vector<std::string> devices_; // sorted, each once
    std::vector<std::uint32_t> hashes_;
};

} // namespace holdfast::query
