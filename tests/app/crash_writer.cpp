// The program that producers_crash_test.cpp kills. It opens the log of a directory and writes to it
// without end: idempotent producers with five batches under way, and transactional ones that commit
// and abort. Each line of its output is what a client knows:
//
//   p <producer> <id>     its id is given out
//   e <teller> <epoch>    its epoch in this life
//   a <counter> <n>       batch n is acknowledged
//   b <teller> <n>        transaction n begins
//   c|x <teller> <n>      it is committed, or aborted, and that is acknowledged
//
// Usage: crash_writer DIRECTORY [ID EPOCH STORED BEGUN]... one group for each producer.
#include "app/ledger.hpp"

#include <holdfast/base/log_line.hpp>

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <support/keyspaces.hpp>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;
using namespace holdfast::test::ledger;

namespace {

// One write: the line is there whole, or not.
void say(char what, int producer, std::int64_t number) {
    const std::string line = fmt::format("{} {} {}\n", what, producer, number);
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);
}

void count(log::Log& log, int counter, const Known& known) {
    const PartitionId partition{numbers(log), static_cast<PartitionIndex>(counter)};
    std::deque<std::unique_ptr<WaitedGroup>> under_way;
    std::int64_t acknowledged = known.stored;
    for (std::int64_t n = known.stored;; ++n) {
        auto group = std::make_unique<WaitedGroup>();
        group->add(partition, batch_values(n),
                   record::ProducerStamp{known.id, 0, static_cast<std::int32_t>(first_number(n)),
                                         false, false});
        log.append(*group);
        under_way.push_back(std::move(group));
        if (under_way.size() < 5) continue;
        need(under_way.front()->wait());
        if (const auto& refused = under_way.front()->appends[0].refused)
            throw std::runtime_error(refused->context);
        under_way.pop_front();
        say('a', counter, acknowledged++);
    }
}

void tell(log::Log& log, const Clock& clock, int teller, const Known& known) {
    std::int32_t sequence = 0; // the same in each partition
    for (std::int64_t n = known.begun + 1;; ++n) {
        say('b', teller, n);
        WaitedGroup group;
        std::vector<std::string> values;
        for (int i = 0; i < entry_count(n); ++i)
            values.push_back(fmt::format("{}:{}:{}", teller, n, i));
        for (PartitionIndex p = 0; p < kLedgerPartitions; ++p)
            group.add({entries(log), p}, values,
                      record::ProducerStamp{known.id, static_cast<std::int16_t>(known.epoch),
                                            sequence, true, false});
        sequence += entry_count(n);
        log.append(group);
        need(group.wait());
        for (const auto& append : group.appends)
            if (append.refused) throw std::runtime_error(append.refused->context);
        const auto how =
            commits(n) ? record::TransactionEnd::commit : record::TransactionEnd::abort;
        end_transaction(log, clock, teller, known, n, how);
        say(commits(n) ? 'c' : 'x', teller, n);
    }
}

int run(const std::vector<std::string>& words) {
    set_log_level(LogLevel::error);
    const SystemClock clock;
    Metrics metrics;
    log::LogOptions options;
    options.keyspaces = test::all_keyspaces();
    options.directory = words.at(0);
    options.write_buffer_bytes = 1U << 20U; // so that tables are written, too
    auto opened = log::Log::open(std::move(options), clock, metrics);
    if (!opened) throw std::runtime_error(opened.error().context);
    log::Log& log = *opened.value();
    numbers(log);
    entries(log);
    std::vector<std::thread> threads;
    for (int i = 0; i < kProducers; ++i) {
        const auto at = static_cast<std::size_t>(1 + i * 4);
        Known known{std::stoll(words.at(at)), std::stoll(words.at(at + 1)),
                    std::stoll(words.at(at + 2)), std::stoll(words.at(at + 3))};
        if (i >= kCounters) come_back(log, clock, i, known);
        if (known.id < 0) {
            known.id = log.new_producer_id().value();
            say('p', i, known.id);
        }
        if (i >= kCounters) say('e', i, known.epoch);
        threads.emplace_back([&log, &clock, i, known] {
            i < kCounters ? count(log, i, known) : tell(log, clock, i, known);
        });
    }
    for (std::thread& thread : threads) thread.join();
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "crash_writer: %s\n", failure.what());
        return 1;
    }
}
