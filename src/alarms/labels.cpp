#include <holdfast/alarms/labels.hpp>

#include <algorithm>
#include <tuple>

namespace holdfast::alarms {
namespace {

// Two of one moment are told apart by their key.
bool is_older(const Label& a, const Label& b) {
    return std::tie(a.said.note.at_ms, a.alarm, a.occurrence) <
           std::tie(b.said.note.at_ms, b.alarm, b.occurrence);
}

} // namespace

const Label* Labels::find(std::string_view alarm, std::string_view occurrence) const {
    const auto found = by_key_.find(label_key(alarm, occurrence));
    return found == by_key_.end() ? nullptr : &found->second;
}

std::vector<Label> Labels::of(std::string_view source) const {
    std::vector<Label> out;
    for (const auto& [key, label] : by_key_)
        if (label.source == source) out.push_back(label);
    std::ranges::sort(out, [](const Label& a, const Label& b) { return is_older(b, a); });
    return out;
}

const Label* Labels::displaced_by(const Label& label) const {
    if (find(label.alarm, label.occurrence) != nullptr) return nullptr;
    const auto count = count_by_source_.find(label.source);
    const bool is_source_full = count != count_by_source_.end() && count->second >= of_source_max_;
    if (!is_source_full && by_key_.size() < max_) return nullptr;
    const Label* oldest = nullptr;
    for (const auto& [key, each] : by_key_)
        if (!is_source_full || each.source == label.source)
            if (oldest == nullptr || is_older(each, *oldest)) oldest = &each;
    return oldest;
}

void Labels::put(const Label& label) {
    if (const Label* const goes = displaced_by(label)) remove(*goes);
    const auto key = label_key(label.alarm, label.occurrence);
    if (by_key_.insert_or_assign(key, label).second) ++count_by_source_[label.source];
}

void Labels::remove(const Label& label) {
    const auto found = by_key_.find(label_key(label.alarm, label.occurrence));
    if (found == by_key_.end()) return;
    const auto count = count_by_source_.find(found->second.source);
    if (--count->second == 0) count_by_source_.erase(count);
    by_key_.erase(found);
}

void Labels::clear() {
    by_key_.clear();
    count_by_source_.clear();
}

void Labels::end(std::string_view alarm_id, const Alarm& cleared) {
    const auto found = by_key_.find(label_key(alarm_id, cleared.occurrence));
    if (found != by_key_.end()) found->second.cleared_ms = cleared.cleared_ms;
}

} // namespace holdfast::alarms
