// Goal: when the process dies at any moment, what idempotent producers sent is there once and in
// order, and every transaction is there whole or not at all, with the group offset that it
// stored; what was acknowledged stays so. Method: rounds of a program that writes (crash_writer)
// and SIGKILL at a random moment; then an audit of the whole log in this process, or none, so that
// the next life recovers what the kill left. HOLDFAST_CRASH_ROUNDS and HOLDFAST_CRASH_SEED choose
// how long and which moments.
#include "app/child.hpp"
#include "app/ledger.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/base/log_line.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <support/keyspaces.hpp>

using namespace holdfast;
using namespace holdfast::test;
using namespace holdfast::test::ledger;

namespace {

long from_environment(const char* name, long otherwise) {
    const char* text = std::getenv(name);
    return text ? std::atol(text) : otherwise;
}

// Lets that much time pass on this thread, which is what the moment of a kill is made of.
void pass(std::chrono::microseconds time) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, time, [] { return false; });
}

// What all lives of the program were told, as far as their clients know.
struct Clients {
    std::array<Known, kProducers> known;
    std::array<std::set<std::int64_t>, kProducers> committed, aborted; // acknowledged so
    long acknowledged = 0;

    void read(const std::string& output) {
        std::istringstream lines(output);
        char what = 0;
        std::size_t producer = 0;
        for (std::int64_t number = 0; lines >> what >> producer >> number;) {
            Known& of = known.at(producer);
            if (what == 'p') of.id = number;
            if (what == 'e') of.epoch = number;
            if (what == 'a') of.stored = number + 1;
            if (what == 'b') of.begun = number;
            if (what == 'c') committed.at(producer).insert(number);
            if (what == 'x') aborted.at(producer).insert(number);
            acknowledged += what == 'a' || what == 'c';
        }
    }
    [[nodiscard]] std::vector<std::string> arguments(const std::string& directory) const {
        std::vector<std::string> words{HOLDFAST_CRASH_WRITER, directory};
        for (const Known& of : known)
            for (const std::int64_t number : {of.id, of.epoch, of.stored, of.begun})
                words.push_back(fmt::to_string(number));
        return words;
    }
};

void audit_counter(const log::Log& log, PartitionId partition, std::int64_t acknowledged) {
    const auto values = read_all(log, partition).value();
    CAPTURE(partition.index, acknowledged, values.size());
    REQUIRE(static_cast<std::int64_t>(values.size()) >= first_number(acknowledged));
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i].value != std::to_string(i)) FAIL("number " << i << ": " << values[i].value);
}

// The transactions of each teller in one partition, each of them whole.
using Seen = std::map<int, std::vector<std::int64_t>>;
Seen read_transactions(const log::Log& log, PartitionId partition) {
    Seen seen;
    std::map<int, int> missing; // records of the last one
    const auto values = read_all(log, partition).value();
    for (const StoredValue& stored : values) {
        int teller = 0;
        int entry = 0;
        std::int64_t n = 0;
        char colon = 0;
        std::istringstream(stored.value) >> teller >> colon >> n >> colon >> entry;
        CAPTURE(stored.value, stored.offset);
        if (entry == 0) {
            REQUIRE(missing[teller] == 0);
            seen[teller].push_back(n);
            missing[teller] = entry_count(n);
        }
        REQUIRE(seen[teller].back() == n);
        REQUIRE(entry == entry_count(n) - missing[teller]);
        --missing[teller];
    }
    for (const auto& [teller, count] : missing) REQUIRE(count == 0);
    return seen;
}

void audit_teller(log::Log& log, const Clock& clock, int teller, const Clients& clients,
                  const std::vector<std::int64_t>& seen) {
    const auto at = static_cast<std::size_t>(teller);
    CAPTURE(teller, clients.known[at].begun);
    REQUIRE(std::ranges::is_sorted(seen));
    const std::set<std::int64_t> all(seen.begin(), seen.end());
    REQUIRE(all.size() == seen.size());
    REQUIRE(std::ranges::includes(all, clients.committed[at]));
    for (const std::int64_t n : all) {
        REQUIRE(commits(n));
        REQUIRE(!clients.aborted[at].contains(n));
        REQUIRE(n <= clients.known[at].begun);
    }
    const auto offset = log::GroupOffsets(log, clock).find(group_of(teller), {numbers(log), 0});
    REQUIRE((offset.value() ? offset.value()->offset : 0) == (seen.empty() ? 0 : seen.back()));
}

// Opens the log as a server would, ends what is in doubt, and compares.
void audit(const std::filesystem::path& directory, Clients& clients) {
    const SystemClock clock;
    Metrics metrics;
    log::LogOptions options;
    options.keyspaces = test::all_keyspaces();
    options.directory = directory;
    auto opened = log::Log::open(std::move(options), clock, metrics);
    INFO((opened ? "" : opened.error().context));
    REQUIRE(opened);
    log::Log& log = *opened.value();
    for (int teller = kCounters; teller < kProducers; ++teller)
        come_back(log, clock, teller, clients.known[static_cast<std::size_t>(teller)]);
    for (PartitionIndex p = 0; p < kCounters; ++p)
        audit_counter(log, {numbers(log), p}, clients.known[p].stored);
    const Seen seen = read_transactions(log, {entries(log), 0});
    for (PartitionIndex p = 0; p < kLedgerPartitions; ++p) {
        CAPTURE(p);
        REQUIRE(read_transactions(log, {entries(log), p}) == seen);
        const auto bounds = log.bounds({entries(log), p}).value();
        REQUIRE(bounds.last_stable_offset == bounds.high_watermark);
    }
    for (int teller = kCounters; teller < kProducers; ++teller) {
        const auto found = seen.find(teller);
        audit_teller(log, clock, teller, clients,
                     found == seen.end() ? std::vector<std::int64_t>{} : found->second);
    }
    const auto verified = log.verify([](const log::Damage& damage) { FAIL(damage.what); });
    REQUIRE(verified);
}

} // namespace

TEST_CASE("producers lose and repeat nothing when the process is killed", "[app][crash]") {
    set_log_level(LogLevel::error);
    const long rounds = from_environment("HOLDFAST_CRASH_ROUNDS", 5);
    const long seed = from_environment("HOLDFAST_CRASH_SEED",
                                       static_cast<long>(std::random_device{}() % 100'000));
    std::printf("crash rounds %ld seed %ld\n", rounds, seed);
    CAPTURE(seed);
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    const TempDir site;
    const auto directory = site.path() / "log";
    Clients clients;
    for (long round = 0; round < rounds; ++round) {
        CAPTURE(round);
        Child writer(clients.arguments(directory.string()));
        // A death during the start, too: then there is nothing to wait for.
        const auto& known = clients.known[random() % kCounters];
        if (random() % 5 != 0)
            REQUIRE(writer.wait_for_output(
                fmt::format("a {} {}\n", &known - clients.known.data(),
                            known.stored + static_cast<std::int64_t>(random() % 400))));
        pass(std::chrono::microseconds(random() % 20'000));
        writer.signal(SIGKILL);
        INFO(writer.errors());
        REQUIRE(writer.wait() == -SIGKILL);
        clients.read(writer.output());
        if (round + 1 == rounds || random() % 2 == 0) audit(directory, clients);
    }
    long transactions = 0;
    for (const auto& of : clients.committed) transactions += static_cast<long>(of.size());
    std::printf("crash rounds %ld: acknowledged %ld, of them transactions %ld; lost 0\n", rounds,
                clients.acknowledged, transactions);
}
