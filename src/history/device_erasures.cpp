#include <holdfast/history/device_erasures.hpp>

#include "history/device_search.hpp"
#include "history/erasure_codec.hpp"
#include "history/erasures.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/history/keyspace.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace holdfast::history {
namespace {

constexpr std::size_t kUnderWayMax = 1'000; // each has its name in memory and in the log's state
// Of a log that is looked through for a device that history does not know.
constexpr std::size_t kSearchBytesMax = 64U << 20U;
constexpr std::chrono::seconds kLookAgain{1};
constexpr std::chrono::seconds kTryAgain{10}; // after an error

} // namespace

DeviceErasures::DeviceErasures(Parts parts, Done done)
    : parts_(std::move(parts)), done_(std::move(done)) {}

DeviceErasures::~DeviceErasures() = default;

Result<void> DeviceErasures::start() {
    std::set<std::string, std::less<>> unread; // keys of such as this version cannot tell
    HF_TRY(parts_.log.scan_state(
        kErasuresKeyspace, "", [this, &unread](std::string_view key, std::string_view value) {
            auto what = decode_erasure(key, value);
            if (what) {
                const Name name{what.value().stream, what.value().device};
                entries_[name] = {std::move(what).value(), 1, 0, true};
            } else {
                log_error("history", "{}; it is not gone on with", what.error().context);
                unread.emplace(key);
            }
            return true;
        }));
    for (const auto& [name, entry] : entries_) {
        const auto marked = parts_.store.erase(name.first, name.second, entry.what.below);
        // Rows that come back until it is tried again go then.
        if (!marked) log_warn("history", "{}", marked.error().context);
    }
    // The log's state is what counts: these ended. What cannot be read has not.
    for (const Name& name : parts_.store.erasures()) {
        if (entries_.contains(name) || unread.contains(erasure_state_key(name.first, name.second)))
            continue;
        HF_TRY(parts_.store.end_erasure(name.first, name.second));
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
    return ok();
}

Result<void> DeviceErasures::ask(StreamId stream, std::string_view device, std::string_view actor,
                                 std::string_view address, std::int64_t now_ms) {
    const auto known = parts_.log.find_stream(stream);
    if (!known) return fail(Errc::not_found, "there is no such stream");
    if (!parts_.follower.wanted().contains({stream, 0}))
        return fail(Errc::not_found, fmt::format("stream '{}' is not kept in history: no device is "
                                                 "erased from it",
                                                 known->settings.name));
    const Name name{stream, std::string(device)};
    HF_TRY(const bool is_known, knows(name));
    if (!is_known)
        return fail(Errc::not_found, fmt::format("there is no device '{}' in stream '{}'", device,
                                                 known->settings.name));
    const std::lock_guard saving(saving_);
    Erasure what;
    {
        const std::lock_guard lock(mutex_);
        const auto before = entries_.find(name);
        if (before != entries_.end()) what = before->second.what;
        if (before == entries_.end() && entries_.size() >= kUnderWayMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("{} erasures are under way: ask again when some are done",
                                    entries_.size()));
    }
    what.stream = stream;
    what.device = device;
    what.actor = actor;
    what.address = address;
    what.asked_ms = now_ms;
    for (PartitionIndex index = 0; index < known->settings.partitions; ++index) {
        HF_TRY(const auto bounds, parts_.log.bounds({stream, index}));
        raise(what.below, {{index, bounds.high_watermark}});
    }
    HF_TRY(save(what));
    const std::lock_guard lock(mutex_);
    Entry& now = entries_[name];
    now.what = std::move(what);
    ++now.asked;
    is_new_ = true;
    changed_.notify_all();
    return ok();
}

// The log may have records of a device that history has not: of payloads that it does not keep, or
// that are new.
Result<bool> DeviceErasures::knows(const Name& name) const {
    {
        const std::lock_guard lock(mutex_);
        if (entries_.contains(name)) return true;
    }
    if (parts_.store.summary(name.first, name.second)) return true;
    return may_lie_in_log(parts_.log, name.first, name.second, kSearchBytesMax);
}

std::vector<Erasure> DeviceErasures::under_way() const {
    const std::lock_guard lock(mutex_);
    std::vector<Erasure> all;
    for (const auto& [name, entry] : entries_) all.push_back(entry.what);
    return all;
}

void DeviceErasures::loop(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::vector<Name> names;
        {
            const std::lock_guard lock(mutex_);
            is_new_ = false;
            for (const auto& [name, entry] : entries_) names.push_back(name);
        }
        bool is_troubled = false;
        for (const Name& name : names) {
            const auto worked = work_on(name, stop);
            if (stop.stop_requested()) return;
            is_troubled = is_troubled || !worked;
            note_trouble(name, worked ? "" : worked.error().context);
        }
        std::unique_lock lock(mutex_);
        const auto is_new = [this] { return is_new_; };
        if (entries_.empty())
            changed_.wait(lock, stop, is_new);
        else
            changed_.wait_for(lock, stop, is_troubled ? kTryAgain : kLookAgain, is_new);
    }
}

Result<void> DeviceErasures::work_on(const Name& name, const std::stop_token& stop) {
    Entry entry;
    {
        const std::lock_guard lock(mutex_);
        entry = entries_.at(name);
    }
    if (entry.erased != entry.asked) {
        HF_TRY(const ErasedDevice gone,
               parts_.store.erase(name.first, name.second, entry.what.below));
        HF_TRY(add(name, gone.below, gone.rows, 0));
        HF_TRY(erase_from_log(name, gone.below, entry.is_resumed, stop));
        HF_TRY(parts_.store.rewrite_erased(name.first, name.second, stop));
        entry.what.below = gone.below;
        const std::lock_guard lock(mutex_);
        entries_.at(name).erased = entry.asked;
    }
    if (!has_passed(entry.what)) return ok();
    return finish(name, entry.asked);
}

Result<void> DeviceErasures::erase_from_log(const Name& name, const Offsets& below, bool is_resumed,
                                            const std::stop_token& stop) {
    {
        // Whatever interrupts it: the next time it may have been done in part.
        const std::lock_guard lock(mutex_);
        entries_.at(name).is_resumed = true;
    }
    const auto gone = parts_.log.erase({name.first, name.second, below, is_resumed}, stop);
    if (!gone && gone.error().code == Errc::not_found) return ok(); // and the stream with it
    if (!gone) return gone.error();
    return add(name, below, 0, gone.value().records);
}

// Rows that were fetched before the log let go of them have met the store's mark.
bool DeviceErasures::has_passed(const Erasure& what) const {
    const auto followed = parts_.follower.wanted();
    return std::ranges::all_of(what.below, [&](const auto& each) {
        const PartitionId partition{what.stream, each.first};
        return !followed.contains(partition) || parts_.store.position(partition) >= each.second;
    });
}

Result<void> DeviceErasures::finish(const Name& name, std::uint64_t asked) {
    Erasure what;
    {
        const std::lock_guard saving(saving_);
        {
            const std::lock_guard lock(mutex_);
            const Entry& entry = entries_.at(name);
            if (entry.asked != asked) return ok(); // more is to go
            what = entry.what;
        }
        HF_TRY(log::StateWrite::write(
            parts_.log,
            {{kErasuresKeyspace, erasure_state_key(name.first, name.second), std::nullopt}}));
        const std::lock_guard lock(mutex_);
        entries_.erase(name);
    }
    // Only now: the store must not take the device out anew for what is in the log's state.
    const auto ended = parts_.store.end_erasure(name.first, name.second);
    if (!ended) log_warn("history", "{}", ended.error().context); // ends with the next start
    log_info("history", "a device was erased: {} rows of history and {} records of the log went",
             what.rows, what.records);
    done_(what);
    return ok();
}

Result<void> DeviceErasures::add(const Name& name, const Offsets& below, std::uint64_t rows,
                                 std::uint64_t records) {
    const std::lock_guard saving(saving_);
    Erasure what;
    {
        const std::lock_guard lock(mutex_);
        Erasure& known = entries_.at(name).what;
        raise(known.below, below);
        known.rows += rows;
        known.records += records;
        what = known;
    }
    return save(what);
}

void DeviceErasures::note_trouble(const Name& name, const std::string& why) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(name);
    if (entry == entries_.end() || entry->second.what.trouble == why) return;
    if (!why.empty()) log_warn("history", "an erasure waits: {}", why);
    entry->second.what.trouble = why;
}

Result<void> DeviceErasures::save(const Erasure& what) {
    return log::StateWrite::write(
        parts_.log,
        {{kErasuresKeyspace, erasure_state_key(what.stream, what.device), encode_erasure(what)}});
}

} // namespace holdfast::history
