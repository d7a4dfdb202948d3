#pragma once

#include <holdfast/alarms/acknowledgement.hpp>
#include <holdfast/alarms/alarm.hpp>
#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/alarms/labels.hpp>
#include <holdfast/log/log.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::alarms {

// The present state of all alarms, in memory. The truth lies in kKeyspace: whoever raises
// or clears writes state_change() with its own outputs and calls apply() once that is durable.
// Thread-safe. Owned by app; the log outlives the call to load().
class Registry {
public:
    // States beyond this many are not kept in memory (nor listed); it is counted in dropped().
    explicit Registry(std::size_t alarms_max = 100'000) : alarms_max_(alarms_max) {}

    // Replaces everything by what the log holds. A damaged alarm is named in a log line and left
    // out. not_supported (stored by another version), io.
    [[nodiscard]] Result<void> load(const log::Log& log);
    void apply(std::span<const Alarm> changed);
    // Once its state_change() is stored.
    void acknowledge(const Acknowledgement& acknowledgement);

    // What a label comes to in the log: itself, and that the one which goes for it is gone.
    [[nodiscard]] std::vector<log::StateChange> changes_for(const Label& label) const;
    void label(const Label& label);   // once these are stored
    void unlabel(const Label& label); // once its removal_of() is
    [[nodiscard]] std::optional<Label> find_label(std::string_view alarm,
                                                  std::string_view occurrence) const;
    [[nodiscard]] std::vector<Label> labels_of(std::string_view source) const; // newest first
    // What belongs beside the state_change() of an alarm that is cleared: when what was labelled
    // while it was active has ended.
    [[nodiscard]] std::optional<log::StateChange> label_end(const Alarm& cleared) const;

    struct Filter {
        std::optional<AlarmState> state{}; // empty: all
        std::string source{};              // empty: all
        std::size_t limit = 100;
        Severity severity_min = Severity::info;
    };
    // Newest change first. Nobody changes anything meanwhile: of 100,000 some 50 ms.
    [[nodiscard]] std::vector<Alarm> list(const Filter& filter) const;
    [[nodiscard]] std::optional<Alarm> find(std::string_view id) const;
    // Changes are numbered as they come, from the start of the server on: that of the next one.
    [[nodiscard]] std::uint64_t next_change() const;
    struct Changed {
        std::vector<Alarm> alarms; // as they are now, in order of their last change
        std::uint64_t next_change = 0;
        std::uint64_t left_out = 0; // older ones, where there are more than `limit`
    };
    // The alarms that were changed by `change` or a later one, each once; the newest `limit`.
    [[nodiscard]] Changed changed_since(std::uint64_t change, std::size_t limit) const;
    // Every active alarm of one rule or model, as it stored it: without acknowledgement and label.
    [[nodiscard]] std::vector<Alarm> active_of(std::string_view source) const;

    [[nodiscard]] std::size_t active_count() const;
    // Raises and clears applied since the start, over all sources or for one of them.
    struct Totals {
        std::uint64_t raised = 0;
        std::uint64_t cleared = 0;
    };
    [[nodiscard]] Totals totals() const;
    [[nodiscard]] Totals totals(std::string_view source) const;
    [[nodiscard]] std::uint64_t dropped() const;

private:
    struct Entry {
        Alarm alarm;              // acknowledged and labelled, where its occurrence is
        std::uint64_t change = 0; // order of changes, for newest first
    };
    void put(const Alarm& alarm);
    void put_again(std::string_view id, std::string_view occurrence);
    [[nodiscard]] Result<void> load_acknowledgements(const log::Log& log);
    [[nodiscard]] Result<void> load_labels(const log::Log& log);

    const std::size_t alarms_max_;
    mutable std::mutex mutex_;
    // all guarded by mutex_
    std::unordered_map<std::string, Entry> by_id_;
    std::map<std::uint64_t, std::string> by_change_; // change -> id
    std::map<std::string, Totals, std::less<>> totals_by_source_;
    Labels labels_;
    std::size_t active_ = 0;
    std::uint64_t next_change_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace holdfast::alarms
