#include "rules/alarm_tracker.hpp"

#include "rules/state_codec.hpp"

#include <algorithm>
#include <cassert>

namespace holdfast::rules {

using alarms::Alarm;
using alarms::AlarmState;

bool AlarmTracker::step(const Row& row, std::vector<Alarm>& changes) {
    auto found = keys_.find(row.key);
    if (found == keys_.end()) {
        if (!row.raise) return true;
        if (keys_.size() >= keys_max_) return false;
        found = keys_.try_emplace(std::string(row.key)).first;
        pages_.add(*found);
    }
    State& state = found->second;
    const bool holds = state.is_raised ? row.clear : row.raise;
    if (!holds) {
        if (!state.is_pending) return true;
        forget_deadline(*found);
        state.is_pending = false;
        pages_.touch(*found);
        drop_if_idle(found);
        return true;
    }
    pages_.touch(*found);
    // The deadline hangs on the device whose row spoke last: its watermark is the one that is
    // moving.
    if (state.is_pending) forget_deadline(*found);
    if (state.is_pending && state.device != row.device) relieved_.insert(state.device);
    state.device = row.device;
    state.details_json = row.details_json;
    if (!state.is_raised) state.severity = row.severity;
    if (!state.is_pending) {
        state.is_pending = true;
        state.since_us = row.ts_us;
    }
    add_deadline(*found);
    if (row.ts_us - state.since_us < wait_us(state)) return true;
    forget_deadline(*found);
    change(*found, row.ts_us, changes);
    drop_if_idle(found);
    return true;
}

void AlarmTracker::advance(std::string_view device, std::int64_t watermark_us,
                           std::vector<Alarm>& changes) {
    for (auto of = deadlines_.find(device);
         of != deadlines_.end() && of->second.begin()->first <= watermark_us;
         of = deadlines_.find(device)) {
        const std::int64_t at_us = of->second.begin()->first;
        const auto found = keys_.find(of->second.begin()->second);
        assert(found != keys_.end() && found->second.is_pending);
        forget_deadline(*found);
        pages_.touch(*found);
        change(*found, at_us, changes);
        drop_if_idle(found);
    }
}

void AlarmTracker::forget_pending(std::string_view device) {
    for (auto of = deadlines_.find(device); of != deadlines_.end(); of = deadlines_.find(device)) {
        const auto found = keys_.find(of->second.begin()->second);
        assert(found != keys_.end() && found->second.is_pending);
        forget_deadline(*found);
        found->second.is_pending = false;
        pages_.touch(*found);
        drop_if_idle(found);
    }
}

std::optional<std::int64_t> AlarmTracker::next_deadline_us(std::string_view device) const {
    const auto of = deadlines_.find(device);
    if (of == deadlines_.end()) return std::nullopt;
    return of->second.begin()->first;
}

void AlarmTracker::change(Key& key, std::int64_t at_us, std::vector<Alarm>& changes) {
    State& state = key.second;
    assert(state.is_pending);
    state.is_pending = false;
    state.is_raised = !state.is_raised;
    if (state.is_raised) state.raised_us = at_us;
    Alarm alarm;
    alarm.source = source_;
    alarm.name = name_;
    alarm.key = key.first;
    alarm.device = state.device;
    alarm.severity = state.severity;
    alarm.details_json = state.details_json;
    alarm.raised_ms = state.raised_us / 1000;
    if (state.is_raised) {
        state.occurrence = alarms::occurrence_id(alarm, ++raises_);
    } else {
        alarm.state = AlarmState::cleared;
        alarm.cleared_ms = at_us / 1000;
        alarm.reason = alarms::ClearReason::cleared;
    }
    alarm.occurrence = state.occurrence;
    changes.push_back(std::move(alarm));
}

void AlarmTracker::drop_if_idle(Keys::iterator key) {
    if (key->second.is_raised || key->second.is_pending) return;
    pages_.remove(*key);
    keys_.erase(key);
}

void AlarmTracker::add_deadline(const Key& key) {
    deadlines_[key.second.device].emplace(key.second.since_us + wait_us(key.second), key.first);
}

void AlarmTracker::forget_deadline(const Key& key) {
    const auto of = deadlines_.find(key.second.device);
    assert(of != deadlines_.end());
    of->second.erase({key.second.since_us + wait_us(key.second), key.first});
    if (of->second.empty()) deadlines_.erase(of);
}

void AlarmTracker::encode_head(ByteWriter& out) const {
    out.u64_be(raises_);
}

Result<void> AlarmTracker::decode_head(ByteReader& in) {
    HF_TRY(raises_, in.u64_be());
    return ok();
}

void AlarmTracker::encode_page(std::uint32_t page, ByteWriter& out) const {
    const auto& entries = pages_.entries(page);
    out.varlong(static_cast<std::int64_t>(entries.size()));
    for (const Key* key : entries) {
        const State& state = key->second;
        put_text(out, key->first);
        out.u8(static_cast<std::uint8_t>((state.is_raised ? 1 : 0) + (state.is_pending ? 2 : 0)));
        out.u8(static_cast<std::uint8_t>(state.severity));
        out.varlong(state.since_us);
        out.varlong(state.raised_us);
        put_text(out, state.device);
        put_text(out, state.occurrence);
        put_text(out, state.details_json);
    }
}

Result<void> AlarmTracker::decode_page(std::uint32_t page, ByteReader& in) {
    HF_TRY(const auto count, take_count(in));
    HF_TRY(check_page(page, keys_max_, count, StatePages<Key>::kEntriesMax));
    for (std::size_t i = 0; i < count; ++i) {
        HF_TRY(const auto name, take_text(in));
        State state;
        HF_TRY(const auto flags, in.u8());
        HF_TRY(const auto severity, in.u8());
        if (flags == 0 || flags > 3 ||
            severity > static_cast<std::uint8_t>(alarms::Severity::critical))
            return fail(Errc::corrupt, "rule state: flags or severity of an alarm key");
        state.is_raised = (flags & 1U) != 0;
        state.is_pending = (flags & 2U) != 0;
        state.severity = static_cast<alarms::Severity>(severity);
        HF_TRY(state.since_us, take_time_us(in));
        HF_TRY(state.raised_us, take_time_us(in));
        HF_TRY(state.device, take_text(in));
        HF_TRY(state.occurrence, take_text(in));
        HF_TRY(state.details_json, take_text(in));
        const auto [made, is_new] = keys_.try_emplace(name, std::move(state));
        if (!is_new) return fail(Errc::corrupt, "rule state: an alarm key stands there twice");
        pages_.put(*made, page);
        if (made->second.is_pending) add_deadline(*made);
    }
    return ok();
}

} // namespace holdfast::rules
