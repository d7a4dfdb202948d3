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
    const Label* oldest = nullptr;
    const Label* oldest_of_source = nullptr;
    std::size_t of_source = 0;
    for (const auto& [key, each] : by_key_) {
        if (oldest == nullptr || is_older(each, *oldest)) oldest = &each;
        if (each.source != label.source) continue;
        ++of_source;
        if (oldest_of_source == nullptr || is_older(each, *oldest_of_source))
            oldest_of_source = &each;
    }
    if (of_source >= of_source_max_) return oldest_of_source;
    return by_key_.size() >= max_ ? oldest : nullptr;
}

void Labels::put(const Label& label) {
    if (const Label* const goes = displaced_by(label)) remove(*goes);
    by_key_.insert_or_assign(label_key(label.alarm, label.occurrence), label);
}

void Labels::remove(const Label& label) {
    by_key_.erase(label_key(label.alarm, label.occurrence));
}

void Labels::end(std::string_view alarm_id, const Alarm& cleared) {
    const auto found = by_key_.find(label_key(alarm_id, cleared.occurrence));
    if (found != by_key_.end()) found->second.cleared_ms = cleared.cleared_ms;
}

} // namespace holdfast::alarms
