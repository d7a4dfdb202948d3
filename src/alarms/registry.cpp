#include <holdfast/alarms/registry.hpp>

#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/base/log_line.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace holdfast::alarms {

Result<void> Registry::load(const log::Log& log) {
    std::vector<Alarm> stored;
    std::optional<Error> unknown; // of another format: refused whole, not half read
    HF_TRY(log.scan_state(kKeyspace, "", [&](std::string_view key, std::string_view value) {
        auto alarm = decode_alarm(value);
        if (alarm) {
            stored.push_back(std::move(alarm).value());
            return true;
        }
        if (alarm.error().code == Errc::not_supported) {
            unknown =
                fail(Errc::not_supported, fmt::format("alarm {}: {}", key, alarm.error().context));
            return false;
        }
        // It stays where it is until the same alarm is raised or cleared again.
        log_error("alarms", "alarm {} is set aside: {}", key, alarm.error().context);
        return true;
    }));
    if (unknown) return *unknown;
    const auto changed_ms = [](const Alarm& alarm) {
        return std::max({alarm.raised_ms, alarm.worsened_ms.value_or(alarm.raised_ms),
                         alarm.cleared_ms.value_or(alarm.raised_ms)});
    };
    std::sort(stored.begin(), stored.end(), [&](const Alarm& a, const Alarm& b) {
        return std::tuple(changed_ms(a), alarm_id(a)) < std::tuple(changed_ms(b), alarm_id(b));
    });
    const std::lock_guard lock(mutex_);
    by_id_.clear();
    by_change_.clear();
    totals_by_source_.clear();
    active_ = 0;
    HF_TRY(load_labels(log)); // put() looks for them
    for (const Alarm& alarm : stored) put(alarm);
    return load_acknowledgements(log);
}

Result<void> Registry::load_acknowledgements(const log::Log& log) {
    const auto each = [&](std::string_view key, std::string_view value) {
        const auto known = by_id_.find(std::string(key));
        auto stored = decode_acknowledgement(key, value);
        if (!stored)
            log_error("alarms", "the acknowledgement of alarm {} is set aside: {}", key,
                      stored.error().context);
        else if (known != by_id_.end() &&
                 known->second.alarm.occurrence == stored.value().occurrence)
            known->second.alarm.acknowledged = std::move(stored).value().note;
        return true;
    };
    return log.scan_state(kAcknowledgementsKeyspace, "", each);
}

Result<void> Registry::load_labels(const log::Log& log) {
    labels_.clear();
    return log.scan_state(kLabelsKeyspace, "", [&](std::string_view key, std::string_view value) {
        const auto label = decode_label(key, value);
        if (label)
            labels_.put(label.value());
        else
            log_error("alarms", "the label {} is set aside: {}", key, label.error().context);
        return true;
    });
}

void Registry::acknowledge(const Acknowledgement& acknowledgement) {
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(acknowledgement.alarm);
    if (found == by_id_.end() || found->second.alarm.occurrence != acknowledgement.occurrence)
        return;
    Alarm alarm = found->second.alarm;
    alarm.acknowledged = acknowledgement.note;
    put(alarm);
}

std::vector<log::StateChange> Registry::changes_for(const Label& label) const {
    const std::lock_guard lock(mutex_);
    std::vector<log::StateChange> out{state_change(label)};
    if (const Label* const goes = labels_.displaced_by(label)) out.push_back(removal_of(*goes));
    return out;
}

void Registry::label(const Label& label) {
    const std::lock_guard lock(mutex_);
    const Label* const displaced = labels_.displaced_by(label);
    const auto gone = displaced == nullptr ? std::nullopt : std::optional(*displaced);
    labels_.put(label);
    if (gone) put_again(gone->alarm, gone->occurrence);
    put_again(label.alarm, label.occurrence);
}

void Registry::unlabel(const Label& label) {
    const std::lock_guard lock(mutex_);
    labels_.remove(label);
    put_again(label.alarm, label.occurrence);
}

std::optional<Label> Registry::find_label(std::string_view alarm,
                                          std::string_view occurrence) const {
    const std::lock_guard lock(mutex_);
    const Label* const found = labels_.find(alarm, occurrence);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

std::vector<Label> Registry::labels_of(std::string_view source) const {
    const std::lock_guard lock(mutex_);
    return labels_.of(source);
}

std::optional<log::StateChange> Registry::label_end(const Alarm& cleared) const {
    const std::lock_guard lock(mutex_);
    const Label* const found = labels_.find(alarm_id(cleared), cleared.occurrence);
    if (found == nullptr) return std::nullopt;
    Label ended = *found;
    ended.cleared_ms = cleared.cleared_ms;
    return state_change(ended);
}

void Registry::apply(std::span<const Alarm> changed) {
    const std::lock_guard lock(mutex_);
    for (const Alarm& alarm : changed) {
        Totals& totals = totals_by_source_[alarm.source];
        // One that got worse was raised before.
        if (alarm.state == AlarmState::cleared)
            ++totals.cleared;
        else if (!alarm.worsened_ms)
            ++totals.raised;
        put(alarm);
    }
}

// What was said of an occurrence is a change where it is the present one.
void Registry::put_again(std::string_view id, std::string_view occurrence) {
    const auto found = by_id_.find(std::string(id));
    if (found == by_id_.end() || found->second.alarm.occurrence != occurrence) return;
    put(Alarm(found->second.alarm));
}

void Registry::put(const Alarm& alarm) {
    const std::string id = alarm_id(alarm);
    auto found = by_id_.find(id);
    if (found == by_id_.end()) {
        if (by_id_.size() >= alarms_max_) {
            ++dropped_;
            return;
        }
        found = by_id_.emplace(id, Entry{}).first;
    } else {
        by_change_.erase(found->second.change);
        if (found->second.alarm.state == AlarmState::active) --active_;
    }
    // The alarm's own change says nothing of it; a new occurrence is not acknowledged.
    std::optional<OperatorNote> acknowledged = alarm.acknowledged;
    if (!acknowledged && found->second.alarm.occurrence == alarm.occurrence)
        acknowledged = std::move(found->second.alarm.acknowledged);
    found->second = {alarm, next_change_++};
    found->second.alarm.acknowledged = std::move(acknowledged);
    if (alarm.state == AlarmState::cleared) labels_.end(id, alarm);
    const Label* const label = labels_.find(id, alarm.occurrence);
    found->second.alarm.label = label == nullptr ? std::nullopt : std::optional(label->said);
    by_change_.emplace(found->second.change, id);
    if (alarm.state == AlarmState::active) ++active_;
}

std::vector<Alarm> Registry::list(const Filter& filter) const {
    std::vector<Alarm> out;
    const std::lock_guard lock(mutex_);
    for (auto at = by_change_.rbegin(); at != by_change_.rend() && out.size() < filter.limit;
         ++at) {
        const Alarm& alarm = by_id_.at(at->second).alarm;
        if (filter.state && alarm.state != *filter.state) continue;
        if (alarm.severity < filter.severity_min) continue;
        if (!filter.source.empty() && alarm.source != filter.source) continue;
        out.push_back(alarm);
    }
    return out;
}

std::optional<Alarm> Registry::find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(std::string(id));
    if (found == by_id_.end()) return std::nullopt;
    return found->second.alarm;
}

std::uint64_t Registry::next_change() const {
    const std::lock_guard lock(mutex_);
    return next_change_;
}

Registry::Changed Registry::changed_since(std::uint64_t change, std::size_t limit) const {
    Changed out;
    const std::lock_guard lock(mutex_);
    out.next_change = next_change_;
    for (auto at = by_change_.rbegin(); at != by_change_.rend() && at->first >= change; ++at) {
        if (out.alarms.size() < limit)
            out.alarms.push_back(by_id_.at(at->second).alarm);
        else
            ++out.left_out;
    }
    std::reverse(out.alarms.begin(), out.alarms.end());
    return out;
}

std::vector<Alarm> Registry::active_of(std::string_view source) const {
    std::vector<Alarm> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [change, id] : by_change_) {
        const Alarm& alarm = by_id_.at(id).alarm;
        if (alarm.state != AlarmState::active || alarm.source != source) continue;
        out.push_back(alarm);
        out.back().acknowledged.reset();
        out.back().label.reset();
    }
    return out;
}

std::size_t Registry::active_count() const {
    const std::lock_guard lock(mutex_);
    return active_;
}

Registry::Totals Registry::totals() const {
    Totals sum;
    const std::lock_guard lock(mutex_);
    for (const auto& [source, totals] : totals_by_source_) {
        sum.raised += totals.raised;
        sum.cleared += totals.cleared;
    }
    return sum;
}

Registry::Totals Registry::totals(std::string_view source) const {
    const std::lock_guard lock(mutex_);
    const auto found = totals_by_source_.find(source);
    return found == totals_by_source_.end() ? Totals{} : found->second;
}

std::uint64_t Registry::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

} // namespace holdfast::alarms
