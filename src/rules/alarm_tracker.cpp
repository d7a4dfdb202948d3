#include "rules/alarm_tracker.hpp"

#include "rules/state_codec.hpp"

namespace holdfast::rules {

using alarms::Alarm;
using alarms::AlarmState;

bool AlarmTracker::step(const Row& row, std::vector<Alarm>& changes) {
    auto found = keys_.find(row.key);
    if (found == keys_.end()) {
        if (!row.raise) return true;
        if (keys_.size() >= keys_max_) return false;
        found = keys_.emplace(std::string(row.key), Key{}).first;
    }
    Key& key = found->second;
    const bool holds = key.is_raised ? row.clear : row.raise;
    if (!holds) {
        if (key.is_pending) forget_deadline(found->first, key);
        key.is_pending = false;
        if (!key.is_raised) keys_.erase(found);
        return true;
    }
    key.device = row.device;
    key.details_json = row.details_json;
    if (!key.is_raised) key.severity = row.severity;
    if (!key.is_pending) {
        key.is_pending = true;
        key.since_us = row.ts_us;
        deadlines_.emplace(key.since_us + wait_us(key), found->first);
    }
    if (row.ts_us - key.since_us < wait_us(key)) return true;
    forget_deadline(found->first, key);
    change(found->first, key, row.ts_us, changes);
    if (!key.is_raised) keys_.erase(found);
    return true;
}

void AlarmTracker::advance(std::int64_t watermark_us, std::vector<Alarm>& changes) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= watermark_us) {
        const auto [at_us, name] = *deadlines_.begin();
        deadlines_.erase(deadlines_.begin());
        const auto found = keys_.find(name);
        change(name, found->second, at_us, changes);
        if (!found->second.is_raised) keys_.erase(found);
    }
}

void AlarmTracker::change(const std::string& name, Key& key, std::int64_t at_us,
                          std::vector<Alarm>& changes) {
    key.is_pending = false;
    key.is_raised = !key.is_raised;
    if (key.is_raised) key.raised_us = at_us;
    Alarm alarm{source_,
                name_,
                name,
                key.device,
                AlarmState::active,
                key.severity,
                key.details_json,
                key.raised_us / 1000,
                std::nullopt};
    if (!key.is_raised) {
        alarm.state = AlarmState::cleared;
        alarm.cleared_ms = at_us / 1000;
    }
    changes.push_back(std::move(alarm));
}

void AlarmTracker::forget_deadline(const std::string& name, const Key& key) {
    deadlines_.erase({key.since_us + wait_us(key), name});
}

void AlarmTracker::encode(ByteWriter& out) const {
    out.varlong(static_cast<std::int64_t>(keys_.size()));
    for (const auto& [name, key] : keys_) {
        put_text(out, name);
        out.u8(static_cast<std::uint8_t>((key.is_raised ? 1 : 0) + (key.is_pending ? 2 : 0)));
        out.varlong(key.since_us);
        out.varlong(key.raised_us);
        put_text(out, key.device);
        put_text(out, key.severity);
        put_text(out, key.details_json);
    }
}

Result<void> AlarmTracker::decode(ByteReader& in) {
    keys_.clear();
    deadlines_.clear();
    HF_TRY(const auto count, take_count(in));
    for (std::size_t i = 0; i < count; ++i) {
        HF_TRY(const auto name, take_text(in));
        Key key;
        HF_TRY(const auto flags, in.u8());
        if (flags > 3) return fail(Errc::corrupt, "rule state: alarm flags");
        key.is_raised = (flags & 1U) != 0;
        key.is_pending = (flags & 2U) != 0;
        HF_TRY(key.since_us, in.varlong());
        HF_TRY(key.raised_us, in.varlong());
        HF_TRY(key.device, take_text(in));
        HF_TRY(key.severity, take_text(in));
        HF_TRY(key.details_json, take_text(in));
        if (key.is_pending) deadlines_.emplace(key.since_us + wait_us(key), name);
        keys_.insert_or_assign(name, std::move(key));
    }
    return ok();
}

} // namespace holdfast::rules
