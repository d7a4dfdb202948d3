#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/log/log.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::rules {

struct EngineSettings {
    std::size_t rules_max = 1000;
    std::size_t groups_max = 100'000;        // open (window, device) groups of a rule and partition
    std::size_t alarm_keys_max = 100'000;    // PER keys of a rule and partition
    std::size_t checkpoint_records = 20'000; // a quiet rule's state is stored at least this often
};

enum class RuleStatus : std::uint8_t { running, paused, failed };
[[nodiscard]] std::string_view to_string(RuleStatus status) noexcept;

// What a rule has done since the process started, summed over its partitions.
struct RuleCounts {
    std::uint64_t records_in = 0;  // records of its source
    std::uint64_t rows_out = 0;    // rows emitted
    std::uint64_t late = 0;        // records that came after their window had closed
    std::uint64_t clock_back = 0;  // clocks of devices that were set back: their time began anew
    std::uint64_t mismatches = 0;  // values that became NULL: wrong type, x/0, out of range
    std::uint64_t implausible = 0; // event times that could be none: arrival counts instead
    std::uint64_t errors = 0;      // records or rows skipped: undecodable, no group left, bad topic
    std::uint64_t lost = 0;        // offsets that were gone before the rule could read them
    std::uint64_t alarms_raised = 0;
    std::uint64_t alarms_cleared = 0;
};

struct RuleInfo {
    std::string name;
    std::string sql; // as it was given
    RuleStatus status = RuleStatus::running;
    std::int64_t created_ms = 0;
    // Who made it, as create() was told; empty: the operator, or somebody before there were users.
    std::string made_by;
    // Why it is paused though nobody paused it: what its maker may not do any more. Empty: it may.
    std::string reason;
    RuleCounts counts;
    std::string last_error;            // empty: none; names stream, partition and offset
    std::vector<std::string> warnings; // what it may not mean: payload paths that no record has
    std::int64_t lag = 0;              // records between the rule and the high watermarks
};

// Continuous rules over the log: reads partitions through the pool, evaluates every rule, and
// stores a rule's state, offset and outputs in one append (exactly once).
//
// All members are thread-safe and BLOCK (they wait for the log and for a step under way): call them
// from a worker thread, never from a shard or the committer thread. Log, pool, publisher,
// registry, clock and metrics outlive the engine.
class Engine {
public:
    // Streams that a topic matching `filter` may have been appended to.
    using StreamsOf = std::function<std::vector<std::string>(std::string_view filter)>;

    // What keeps `made_by` from having a rule that does what `sql` says: empty, or the reason, for
    // people. Asked for each rule that is made by somebody, under the engine's lock: must not call
    // the engine.
    using RefusalOf =
        std::function<std::string(const std::string& made_by, const std::string& sql)>;

    struct Parts {
        log::Log& log;
        log::ConsumerPool& pool;
        broker::Publisher& publisher;
        alarms::Registry& alarms;
        const Clock& clock;
        Metrics& metrics;
        StreamsOf streams_of;
        RefusalOf refusal_of = {}; // empty: everybody may have every rule
    };
    Engine(EngineSettings settings, Parts parts);
    ~Engine(); // stop()

    // Loads the stored rules and sets them going where they stopped. Makes the stream `alarms`.
    // What is damaged is named in a log line: a definition is left out, a rule whose state it is
    // has failed. not_supported (stored by another version), io.
    [[nodiscard]] Result<void> start();
    // Ends all work; returns when no step runs. Nothing is lost: a later start() resumes.
    void stop();

    // CREATE [OR REPLACE] RULE ...; starts at the end of its sources. A replaced rule starts anew.
    // With `replace` OR REPLACE need not be said. `made_by` is whose rights it acts with from now
    // on: a rule whose maker loses one is paused until he has it again, and then goes on where it
    // stood.
    // malformed and not_supported ("line 1, column 40: ..."), already_exists, not_found (stream),
    // limit_exceeded (rules_max).
    [[nodiscard]] Result<RuleInfo> create(std::string_view sql, bool replace = false,
                                          std::string made_by = {});
    // Every statement of a rule file: rules that stand already with the same text are left alone,
    // others are created or replaced; all are the operator's. Gives the first failure, naming
    // `origin`.
    [[nodiscard]] Result<void> load_file(std::string_view text, std::string_view origin);
    [[nodiscard]] Result<void> remove(std::string_view name);    // not_found
    [[nodiscard]] Result<RuleInfo> pause(std::string_view name); // not_found
    // Goes on where it was paused or failed. not_found.
    [[nodiscard]] Result<RuleInfo> resume(std::string_view name);

    // Rights may have changed: pauses and resumes rules as their makers may. io.
    [[nodiscard]] Result<void> follow_rights();

    [[nodiscard]] std::optional<RuleInfo> find(std::string_view name) const;
    [[nodiscard]] std::vector<RuleInfo> list() const; // by name

    // Logs a tick in every partition where a rule waits for time alone and no record comes: arrival
    // time goes on, and a silent device closes its last window. At most one each 5 s for a
    // partition, none where the last was not read yet. Call it about each second.
    void write_ticks();

    // Looks for streams made since: call it after a stream was created or deleted.
    [[nodiscard]] Result<void> refresh();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::rules
