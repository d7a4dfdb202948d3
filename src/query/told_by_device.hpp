#pragma once

#include "query/log_source.hpp"

#include <holdfast/exec/context.hpp>
#include <holdfast/history/store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace holdfast::query {

inline constexpr std::size_t kBytesPerName = 64; // of a container, beside the name itself

// Up to which offset, and from which event time on, each device was read from history.
class ToldByDevice final : public ToldRows {
public:
    // Of a stream's history, of which rows of times before `asked_from_us` are not wanted; made
    // before its devices are listed. Devices that are not noted were told what it says.
    ToldByDevice(const history::Coverage& coverage, std::int64_t asked_from_us,
                 exec::Context& context)
        : least_{coverage.told_below, coverage.from_us},
          all_below_(coverage.told_below),
          over_below_(coverage.over_below),
          asked_from_us_(asked_from_us),
          memory_(context, "devices of a history") {}

    // Of a history::Reading or Aggregation of the device. limit_exceeded; closed where nobody can
    // say yet which of its rows the log has, too.
    template <class Read>
    Result<void> note(const std::string& device, const Read& read) {
        if (read.is_ahead())
            return fail(Errc::closed,
                        fmt::format("history reads again, after a start, what the log has of "
                                    "device '{}': until then ask @log or @history, or again later",
                                    device));
        const history::Offsets& told_below = read.told_below();
        const Reach reach{told_below, read.kept_from_us()};
        if (reach == least_) return ok();
        // A history that was opened anew goes on further back.
        for (auto& [partition, below] : all_below_)
            below = std::min(below, at(told_below, partition));
        if (steps_.empty() || steps_.back() != reach) {
            HF_TRY(memory_.add(told_below.size() * kBytesPerName));
            steps_.push_back(reach);
        }
        HF_TRY(memory_.add(device.size() + kBytesPerName));
        step_of_.emplace(device, steps_.size() - 1);
        return ok();
    }

    Offset next_wanted(PartitionIndex partition, Offset offset) const override {
        // Retention may have gone on while devices were read: then it may be anywhere.
        const std::int64_t kept_from_us =
            steps_.empty() ? least_.kept_from_us : steps_.back().kept_from_us;
        if (kept_from_us > least_.kept_from_us && kept_from_us > asked_from_us_) return offset;
        const bool may_be_over = least_.kept_from_us > asked_from_us_;
        if (may_be_over && offset < at(over_below_, partition)) return offset;
        return std::max(offset, at(all_below_, partition));
    }
    std::optional<std::int64_t> told_from_us(PartitionIndex partition, std::string_view device,
                                             Offset offset) const override {
        const Reach* reach = &least_;
        if (!steps_.empty()) {
            key_ = device;
            const auto found = step_of_.find(key_);
            if (found != step_of_.end()) reach = &steps_[found->second];
        }
        if (offset >= at(reach->told_below, partition)) return std::nullopt;
        return reach->kept_from_us;
    }

private:
    struct Reach {
        history::Offsets told_below;
        std::int64_t kept_from_us = INT64_MIN;
        friend bool operator==(const Reach&, const Reach&) = default;
    };

    static Offset at(const history::Offsets& offsets, PartitionIndex partition) {
        const auto found = offsets.find(partition);
        return found == offsets.end() ? 0 : found->second;
    }

    const Reach least_;
    history::Offsets all_below_; // of every device that was read
    const history::Offsets over_below_;
    const std::int64_t asked_from_us_;
    std::vector<Reach> steps_; // one behind the other
    std::unordered_map<std::string, std::size_t> step_of_;
    mutable std::string key_; // kept, so that a look allocates nothing
    exec::HeldMemory memory_;
};

} // namespace holdfast::query
