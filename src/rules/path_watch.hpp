#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace holdfast::rules {

// Notices payload paths of a rule that no record has: mostly a name that was misspelt, which would
// be NULL for ever without a word. Since the process started, over all partitions. Not thread-safe.
class PathWatch {
public:
    static constexpr std::uint64_t kRecords = 1000; // before it says so

    explicit PathWatch(const sql::RulePlan& plan) : is_seen_(plan.fields().size()) {
        for (std::size_t i = 0; i < plan.fields().size(); ++i)
            is_seen_[i] = plan.fields()[i].kind != column::FieldKind::path;
    }
    // Which fields have a value in some row of `input`, whose column i is field i.
    [[nodiscard]] static std::vector<bool> values_in(const column::Frame& input) {
        std::vector<bool> has(input.columns.size());
        for (std::size_t i = 0; i < has.size(); ++i)
            for (std::size_t row = 0; row < input.rows && !has[i]; ++row)
                has[i] = !input.columns[i]->at(row).is_null();
        return has;
    }
    // True the first time that it has something to say.
    [[nodiscard]] bool note(std::uint64_t records, const std::vector<bool>& has_value) {
        for (std::size_t i = 0; i < is_seen_.size(); ++i) is_seen_[i] = is_seen_[i] || has_value[i];
        records_ += records;
        const bool was_said = is_said_;
        is_said_ = is_said_ || (records_ >= kRecords && !all_seen());
        return is_said_ && !was_said;
    }
    [[nodiscard]] bool all_seen() const {
        for (const bool is_seen : is_seen_)
            if (!is_seen) return false;
        return true;
    }
    // A sentence for each path that is missing now; a path that comes after all takes its own back.
    [[nodiscard]] std::vector<std::string> warnings(const sql::RulePlan& plan) const {
        std::vector<std::string> out;
        if (records_ < kRecords) return out;
        for (std::size_t i = 0; i < is_seen_.size(); ++i)
            if (!is_seen_[i])
                out.push_back("no record of its source had a value at payload path '" +
                              plan.fields()[i].path.to_string() + "'");
        return out;
    }

private:
    std::vector<bool> is_seen_; // by field; true for those that are no path
    std::uint64_t records_ = 0;
    bool is_said_ = false;
};

} // namespace holdfast::rules
