#include "rules/device_states.hpp"

#include "rules/state_codec.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace holdfast::rules {

DeviceStates::Device* DeviceStates::find(std::string_view name) {
    const auto found = devices_.find(name);
    return found == devices_.end() ? nullptr : &*found;
}

DeviceStates::Device* DeviceStates::find_or_make(std::string_view name) {
    if (Device* known = find(name)) return known;
    if (devices_.size() >= groups_max_ && !make_room()) return nullptr;
    Device& made = *devices_.try_emplace(std::string(name)).first;
    pages_.add(made);
    return &made;
}

// A device that is forgotten and comes again starts with a new clock: windows that it had closed
// may open again. So those go that were silent longest, and many at once, because looking for them
// costs a walk over all.
bool DeviceStates::make_room() {
    assert(due_.size() <= devices_.size());
    const std::size_t quiet = devices_.size() - due_.size();
    if (quiet == 0 || quiet < groups_max_ / 16) return false;
    std::vector<std::pair<std::int64_t, Device*>> candidates;
    for (Device& device : devices_)
        if (!device.second.until_us)
            candidates.emplace_back(device.second.clock.arrival_us, &device);
    assert(candidates.size() == quiet);
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
        return std::tie(a.first, a.second->first) < std::tie(b.first, b.second->first);
    });
    candidates.resize((candidates.size() + 1) / 2);
    for (const auto& [arrival_us, device] : candidates) {
        assert(device->second.windows.empty());
        pages_.remove(*device);
        devices_.erase(devices_.find(device->first));
    }
    return true;
}

bool DeviceStates::observe(Device& device, std::int64_t ts_us) {
    pages_.touch(device);
    return device.second.clock.observe(ts_us, now_us(), arrival_.record_us(), jitter_us_);
}

DeviceStates::Group* DeviceStates::group(Device& device, std::int64_t start_us) {
    auto& windows = device.second.windows;
    auto found = windows.find(start_us);
    if (found == windows.end()) {
        if (group_count_ >= groups_max_) return nullptr;
        ++group_count_;
        found = windows.try_emplace(start_us).first;
        found->second.aggregates.resize(aggregates_);
    }
    pages_.touch(device);
    return &found->second;
}

DeviceStates::Group DeviceStates::take_first(Device& device) {
    auto& windows = device.second.windows;
    assert(!windows.empty() && group_count_ > 0);
    Group group = std::move(windows.begin()->second);
    windows.erase(windows.begin());
    --group_count_;
    pages_.touch(device);
    return group;
}

void DeviceStates::unschedule(Device& device) {
    if (!device.second.until_us) return;
    [[maybe_unused]] const auto erased = due_.erase({device.second.due_us, device.first});
    assert(erased == 1);
    device.second.until_us.reset();
}

void DeviceStates::schedule(Device& device, std::optional<std::int64_t> until_us) {
    if (!until_us) return unschedule(device);
    State& state = device.second;
    const std::int64_t due_us = state.clock.due_us(*until_us, jitter_us_);
    const bool is_early_enough = state.until_us && state.due_us <= due_us;
    if (!is_early_enough) {
        unschedule(device);
        state.due_us = due_us;
        due_.emplace(due_us, device.first);
    }
    state.until_us = until_us;
}

std::vector<DeviceStates::Device*> DeviceStates::take_due() {
    std::vector<std::pair<std::int64_t, Device*>> due;
    while (!due_.empty() && due_.begin()->first <= now_us()) {
        Device* device = find(due_.begin()->second);
        assert(device != nullptr && device->second.until_us);
        State& state = device->second;
        const std::int64_t until_us = *state.until_us;
        const std::int64_t due_us = state.clock.due_us(until_us, jitter_us_);
        unschedule(*device);
        if (due_us > now_us()) { // records have come since it was put there
            schedule(*device, until_us);
            continue;
        }
        state.clock.pass(now_us(), jitter_us_);
        pages_.touch(*device);
        due.emplace_back(due_us, device);
    }
    // By the time when it really was due: what stood in due_ depends on restarts.
    std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
        return std::tie(a.first, a.second->first) < std::tie(b.first, b.second->first);
    });
    std::vector<Device*> devices;
    for (const auto& [due_us, device] : due) devices.push_back(device);
    return devices;
}

std::optional<std::int64_t> DeviceStates::next_due_arrival_us() const {
    if (due_.empty()) return std::nullopt;
    return arrival_.latest_us() + (due_.begin()->first - now_us());
}

std::vector<std::pair<std::int64_t, DeviceStates::Device*>> DeviceStates::open_windows() {
    std::vector<std::pair<std::int64_t, Device*>> open;
    for (Device& device : devices_)
        for (const auto& [start_us, group] : device.second.windows)
            open.emplace_back(start_us, &device);
    std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
        return std::tie(a.first, a.second->first) < std::tie(b.first, b.second->first);
    });
    return open;
}

Result<void> DeviceStates::decode_head(ByteReader& in) {
    HF_TRY(const auto now_us, take_time_us(in));
    HF_TRY(const auto latest_us, take_time_us(in));
    HF_TRY(const auto unconfirmed_us, take_time_us(in));
    arrival_.restore(now_us, latest_us, unconfirmed_us);
    return ok();
}

void DeviceStates::encode_head(ByteWriter& out) const {
    out.varlong(arrival_.now_us());
    out.varlong(arrival_.latest_us());
    out.varlong(arrival_.unconfirmed_us());
}

void DeviceStates::encode_page(std::uint32_t page, ByteWriter& out) const {
    const auto& entries = pages_.entries(page);
    out.varlong(static_cast<std::int64_t>(entries.size()));
    for (const Device* device : entries) {
        const DeviceClock& clock = device->second.clock;
        put_text(out, device->first);
        out.varlong(clock.greatest_us);
        out.varlong(clock.watermark_us);
        out.varlong(clock.arrival_us);
        out.u8(clock.behind);
        if (clock.behind != 0) out.varlong(clock.behind_us);
        out.varlong(static_cast<std::int64_t>(device->second.windows.size()));
        for (const auto& [start_us, group] : device->second.windows) {
            out.varlong(start_us);
            out.u8(group.hops);
            for (const auto& aggregate : group.aggregates) aggregate.encode(out);
        }
    }
}

Result<void> DeviceStates::decode_page(std::uint32_t page, ByteReader& in) {
    HF_TRY(const auto count, take_count(in));
    HF_TRY(check_page(page, groups_max_, count, StatePages<Device>::kEntriesMax));
    for (std::size_t i = 0; i < count; ++i) {
        HF_TRY(auto name, take_text(in));
        State state;
        DeviceClock& clock = state.clock;
        HF_TRY(clock.greatest_us, take_time_us(in));
        HF_TRY(clock.watermark_us, take_time_us(in));
        HF_TRY(clock.arrival_us, take_time_us(in));
        HF_TRY(clock.behind, in.u8());
        if (clock.behind >= DeviceClock::kBehindMax)
            return fail(Errc::corrupt, "rule state: the clock of a device");
        if (clock.behind != 0) {
            HF_TRY(clock.behind_us, take_time_us(in));
        }
        HF_TRY(const auto windows, take_count(in));
        for (std::size_t j = 0; j < windows; ++j) {
            HF_TRY(const auto start_us, take_time_us(in));
            Group& group = state.windows[start_us];
            HF_TRY(group.hops, in.u8());
            group.aggregates.clear();
            for (std::size_t k = 0; k < aggregates_; ++k) {
                HF_TRY(auto aggregate, sql::AggregateState::decode(in));
                group.aggregates.push_back(std::move(aggregate));
            }
        }
        group_count_ += state.windows.size();
        const auto [made, is_new] = devices_.try_emplace(std::move(name), std::move(state));
        if (!is_new) return fail(Errc::corrupt, "rule state: a device stands there twice");
        pages_.put(*made, page);
    }
    return ok();
}

} // namespace holdfast::rules
