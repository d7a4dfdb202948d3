#pragma once

#include <holdfast/alarms/label.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::alarms {

// The labels that there are, newest first and bounded. Not thread-safe: the registry locks.
class Labels {
public:
    explicit Labels(std::size_t of_source_max = 1'000, std::size_t max = 10'000)
        : of_source_max_(of_source_max), max_(max) {}

    [[nodiscard]] const Label* find(std::string_view alarm, std::string_view occurrence) const;
    [[nodiscard]] std::vector<Label> of(std::string_view source) const; // newest first
    // Which goes for this one, where there are as many as may be: the oldest of its source, or of
    // all. Null: none.
    [[nodiscard]] const Label* displaced_by(const Label& label) const;

    void put(const Label& label); // without what displaced_by() names
    void remove(const Label& label);
    void clear();
    // The occurrence that the alarm has is over.
    void end(std::string_view alarm_id, const Alarm& cleared);

private:
    const std::size_t of_source_max_;
    const std::size_t max_;
    std::map<std::string, Label, std::less<>> by_key_; // label_key()
    std::map<std::string, std::size_t, std::less<>> count_by_source_;
};

} // namespace holdfast::alarms
