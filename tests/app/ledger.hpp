#pragma once

#include "support/append_batch.hpp"

#include <holdfast/log/group_offsets.hpp>
#include <holdfast/log/log.hpp>
#include <support/keyspaces.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

// What the program that is killed writes, and what its auditor expects: both are made of numbers
// alone, so that a batch that is sent again is the same.
namespace holdfast::test::ledger {

inline constexpr int kCounters = 4; // idempotent producers, one to each partition of `numbers`
inline constexpr int kTellers = 2;  // transactional producers, over all partitions of `ledger`
inline constexpr int kProducers = kCounters + kTellers;
inline constexpr PartitionIndex kLedgerPartitions = 3;

// What is known of a producer: by the program that goes on, from the lines of the one before it.
struct Known {
    std::int64_t id = -1;    // none yet
    std::int64_t epoch = 0;  // a teller's; a new one for each life
    std::int64_t stored = 0; // a counter's batches that were acknowledged
    std::int64_t begun = 0;  // a teller's transactions, counted from 1; the last may be in doubt
};

// Batch n of a counter holds the numbers from first_number(n) on.
inline int batch_size(std::int64_t n) {
    return 1 + static_cast<int>(n % 4);
}
inline std::int64_t first_number(std::int64_t n) {
    constexpr std::array<std::int64_t, 4> kBefore{0, 1, 3, 6};
    return n / 4 * 10 + kBefore[static_cast<std::size_t>(n % 4)];
}
inline std::vector<std::string> batch_values(std::int64_t n) {
    std::vector<std::string> values;
    for (int i = 0; i < batch_size(n); ++i) values.push_back(fmt::to_string(first_number(n) + i));
    return values;
}

// Transaction n has so many records in each partition, "n:0" and on.
inline int entry_count(std::int64_t n) {
    return 1 + static_cast<int>(n % 3);
}
inline bool commits(std::int64_t n) {
    return n % 4 != 3;
}

inline StreamId stream_of(log::Log& log, const std::string& name, PartitionIndex partitions) {
    if (const auto known = log.find_stream(name)) return known->id;
    log::StreamSettings settings;
    settings.name = name;
    settings.partitions = partitions;
    return log.create_stream(std::move(settings)).value()->id;
}
inline StreamId numbers(log::Log& log) {
    return stream_of(log, "numbers", kCounters);
}
inline StreamId entries(log::Log& log) {
    return stream_of(log, "ledger", kLedgerPartitions);
}

inline std::string state_key(int teller) {
    return fmt::format("transaction of {}", teller);
}
inline std::string state_value(std::int64_t n, record::TransactionEnd how) {
    return fmt::format("{} {}", n, how == record::TransactionEnd::commit ? "commit" : "abort");
}
inline std::string group_of(int teller) {
    return fmt::format("teller-{}", teller);
}

inline void need(const Result<void>& outcome) {
    if (!outcome) throw std::runtime_error(outcome.error().context);
}

// Ends transaction n: markers in all partitions, how it ended, and, where it commits, the group's
// offset n, in one append.
inline void end_transaction(log::Log& log, const Clock& clock, int teller, const Known& known,
                            std::int64_t n, record::TransactionEnd how) {
    WaitedGroup group;
    for (PartitionIndex p = 0; p < kLedgerPartitions; ++p)
        group.end_transaction({entries(log), p},
                              {known.id, static_cast<std::int16_t>(known.epoch), -1, true, true},
                              how);
    group.change(test::kFirstKeyspace, state_key(teller), state_value(n, how));
    if (how == record::TransactionEnd::commit) {
        log::GroupOffset offset;
        offset.partition = {numbers(log), 0};
        offset.offset = n;
        const log::GroupOffsets groups(log, clock);
        auto changes = groups.changes(group_of(teller), std::vector{offset}).value();
        for (auto& change : changes) group.state_changes.push_back(std::move(change));
    }
    log.append(group);
    need(group.wait());
    for (const auto& append : group.appends)
        if (append.refused) throw std::runtime_error(append.refused->context);
}

// What a coordinator does when a producer comes back: a new epoch, and the transaction whose end
// nobody knows is aborted unless its markers are there.
inline void come_back(log::Log& log, const Clock& clock, int teller, Known& known) {
    if (known.id < 0) return;
    ++known.epoch;
    if (known.begun == 0) return;
    const auto ended = log.state(test::kFirstKeyspace, state_key(teller)).value();
    if (ended && ended->starts_with(fmt::format("{} ", known.begun))) return;
    end_transaction(log, clock, teller, known, known.begun, record::TransactionEnd::abort);
}

} // namespace holdfast::test::ledger
