// Goal: an idempotent producer's batch is stored once and in order, a transaction is seen whole or
// not at all, and both hold across a restart. The rules are those of KIP-98.
#include "log/producers.hpp"
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <set>

using namespace holdfast;
using namespace holdfast::test;
using record::ProducerStamp;
using record::TransactionEnd;

namespace {

constexpr std::int32_t kSequenceMax = std::numeric_limits<std::int32_t>::max();

std::vector<std::string> values(int count) {
    return std::vector<std::string>(static_cast<std::size_t>(count), "v");
}

struct Outcome {
    Offset base_offset = -1;
    bool is_duplicate = false;
    std::optional<Errc> refused;
};

Outcome send(log::Log& log, PartitionId partition, const ProducerStamp& stamp, int count = 1) {
    WaitedGroup group;
    group.add(partition, values(count), stamp);
    log.append(group);
    REQUIRE(group.wait());
    const auto& append = group.appends[0];
    Outcome outcome{append.base_offset, append.is_duplicate, {}};
    if (append.refused) outcome.refused = append.refused->code;
    return outcome;
}

void end(log::Log& log, const std::vector<PartitionId>& partitions, const ProducerStamp& stamp,
         TransactionEnd how) {
    WaitedGroup group;
    for (const PartitionId partition : partitions) group.end_transaction(partition, stamp, how);
    log.append(group);
    REQUIRE(group.wait());
    for (const auto& append : group.appends) REQUIRE_FALSE(append.refused);
}

std::vector<Offset> committed(const log::Log& log, PartitionId partition) {
    std::vector<Offset> offsets;
    const Offset first = log.bounds(partition).value().log_start_offset;
    const auto all = read_all(log, partition, first).value();
    for (const StoredValue& stored : all) offsets.push_back(stored.offset);
    return offsets;
}

ProducerStamp plain(std::int64_t id, std::int16_t epoch, std::int32_t sequence) {
    return {id, epoch, sequence, false, false};
}
ProducerStamp transactional(std::int64_t id, std::int32_t sequence, std::int16_t epoch = 0) {
    return {id, epoch, sequence, true, false};
}

} // namespace

TEST_CASE("a repeated batch is stored once and gets its first offset", "[log][producers]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    CHECK(send(*at.log, a, plain(7, 0, 0), 3).base_offset == 0);
    CHECK(send(*at.log, a, plain(7, 0, 3), 2).base_offset == 3);
    const bool restarts = GENERATE(false, true);
    if (restarts) at.reopen();
    const Outcome again = send(*at.log, a, plain(7, 0, 0), 3);
    CHECK(again.is_duplicate);
    CHECK(again.base_offset == 0);
    CHECK_FALSE(again.refused);
    CHECK(at.log->bounds(a).value().high_watermark == 5);
    CHECK(send(*at.log, a, plain(7, 0, 5)).base_offset == 5);
    // In one group commit, too.
    WaitedGroup group;
    group.add(a, values(1), plain(7, 0, 6));
    group.add(a, values(1), plain(7, 0, 6));
    at.log->append(group);
    REQUIRE(group.wait());
    CHECK(group.appends[0].base_offset == 6);
    CHECK(group.appends[1].is_duplicate);
    CHECK(group.appends[1].base_offset == 6);
}

TEST_CASE("five batches are remembered, one that is older is out of order", "[log][producers]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    for (int i = 0; i < 6; ++i) send(*at.log, a, plain(1, 0, i));
    CHECK(send(*at.log, a, plain(1, 0, 1)).is_duplicate);
    CHECK(send(*at.log, a, plain(1, 0, 0)).refused == Errc::out_of_order);
    CHECK(send(*at.log, a, plain(1, 0, 5), 2).refused == Errc::out_of_order); // other records
}

TEST_CASE("a gap in the sequences and an older epoch are refused", "[log][producers]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    // A producer that is not known may go on anywhere: what it sent before may have expired.
    CHECK(send(*at.log, a, plain(1, 3, 41)).base_offset == 0);
    CHECK(send(*at.log, a, plain(1, 3, 43)).refused == Errc::out_of_order);
    CHECK(send(*at.log, a, plain(1, 2, 42)).refused == Errc::fenced);
    CHECK(send(*at.log, a, plain(1, 4, 42)).refused ==
          Errc::out_of_order); // a new epoch begins at 0
    CHECK(send(*at.log, a, plain(1, 4, 0)).base_offset == 1);
    CHECK(send(*at.log, a, plain(1, 3, 42)).refused == Errc::fenced);
    CHECK(send(*at.log, a, plain(1, -1, 0)).refused == Errc::malformed);
    CHECK(send(*at.log, a, plain(1, 4, -1)).refused == Errc::malformed);
    CHECK(send(*at.log, a, plain(2, 0, 0)).base_offset == 2); // others are not concerned
    // Partitions know producers each for themselves.
    const PartitionId b = at.make_stream("b");
    CHECK(send(*at.log, b, plain(1, 4, 0)).base_offset == 0);
}

TEST_CASE("sequences go round", "[log][producers]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    send(*at.log, a, plain(1, 0, kSequenceMax - 1), 2); // the last two
    CHECK(send(*at.log, a, plain(1, 0, 0), 2).base_offset == 2);
    CHECK(send(*at.log, a, plain(1, 0, 2)).base_offset == 4);
    CHECK(send(*at.log, a, plain(1, 0, kSequenceMax - 1), 2).is_duplicate);
    send(*at.log, a, plain(2, 0, kSequenceMax), 3); // the last, 0, 1
    CHECK(send(*at.log, a, plain(2, 0, 2)).base_offset == 8);
}

TEST_CASE("a transaction is seen when its marker came, in all partitions", "[log][transactions]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 2);
    const PartitionId b{a.stream, 1};
    const auto producer = at.log->new_producer_id().value();
    send(*at.log, a, plain(99, 0, 0));
    send(*at.log, a, transactional(producer, 0), 2);
    send(*at.log, b, transactional(producer, 0), 2);
    send(*at.log, a, plain(99, 0, 1));
    const bool restarts = GENERATE(false, true);
    if (restarts) at.reopen();
    CHECK(at.log->bounds(a).value().last_stable_offset == 1);
    CHECK(at.log->bounds(a).value().high_watermark == 4);
    CHECK(committed(*at.log, a) == std::vector<Offset>{0}); // what is behind waits, too
    CHECK(committed(*at.log, b).empty());
    const auto raw = at.log->fetch(a, 0, 1U << 20U, log::Isolation::uncommitted).value();
    CHECK(values_of(raw.batches).value().size() == 4);

    const TransactionEnd how = GENERATE(TransactionEnd::commit, TransactionEnd::abort);
    bool is_woken = false;
    REQUIRE(at.log->wait(a, 1, [&] { is_woken = true; }) != 0);
    end(*at.log, {a, b}, transactional(producer, 0), how);
    CHECK(is_woken); // on the committer's thread, before the group completed
    if (GENERATE(false, true)) at.reopen();
    CHECK(at.log->bounds(a).value().last_stable_offset == 5);
    if (how == TransactionEnd::commit) {
        CHECK(committed(*at.log, a) == std::vector<Offset>{0, 1, 2, 3});
        CHECK(committed(*at.log, b) == std::vector<Offset>{0, 1});
        CHECK(at.log->aborted(a, 0, 100).value().empty());
    } else {
        CHECK(committed(*at.log, a) == std::vector<Offset>{0, 3});
        CHECK(committed(*at.log, b).empty());
        const auto aborted = at.log->aborted(a, 0, 100).value();
        REQUIRE(aborted.size() == 1);
        CHECK(aborted[0].producer_id == producer);
        CHECK(aborted[0].first_offset == 1);
        CHECK(at.log->aborted(a, 0, 1).value().empty());
        CHECK(at.log->aborted(a, 5, 100).value().empty());
    }
    CHECK(at.log->fetch(a, 0, 1U << 20U).value().next_offset == 5); // past the marker
}

TEST_CASE("aborts are told apart where transactions interleave", "[log][transactions]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    send(*at.log, a, transactional(1, 0));                         // 0
    send(*at.log, a, transactional(2, 0));                         // 1
    send(*at.log, a, transactional(3, 0));                         // 2
    end(*at.log, {a}, transactional(2, 0), TransactionEnd::abort); // 3
    send(*at.log, a, transactional(2, 1));                         // 4
    CHECK(at.log->bounds(a).value().last_stable_offset == 0);
    end(*at.log, {a}, transactional(1, 0), TransactionEnd::commit); // 5
    CHECK(at.log->bounds(a).value().last_stable_offset == 2);
    CHECK(committed(*at.log, a) == std::vector<Offset>{0});
    end(*at.log, {a}, transactional(2, 0), TransactionEnd::commit); // 6
    end(*at.log, {a}, transactional(3, 0), TransactionEnd::abort);  // 7
    CHECK(committed(*at.log, a) == std::vector<Offset>{0, 4});
    CHECK(at.log->aborted(a, 0, 8).value().size() == 2);
    CHECK(at.log->aborted(a, 4, 8).value().size() == 1); // the first ended before
    // A page at a time, with pages of nothing but what is left out.
    std::vector<Offset> paged;
    for (Offset from = 0; from < 8;) {
        const auto page = at.log->fetch(a, from, 1).value();
        REQUIRE(page.next_offset > from);
        const auto values = values_of(page.batches).value();
        for (const StoredValue& stored : values) paged.push_back(stored.offset);
        from = page.next_offset;
    }
    CHECK(paged == std::vector<Offset>{0, 4});
}

TEST_CASE("what a transaction may not hold is refused", "[log][transactions]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    send(*at.log, a, transactional(1, 0, 5));
    CHECK(send(*at.log, a, plain(1, 5, 1)).refused == Errc::malformed); // plain records inside
    WaitedGroup group;
    group.end_transaction(a, transactional(1, 0, 4), TransactionEnd::commit); // an older epoch
    group.add(a, values(1), ProducerStamp{-1, -1, -1, true, false});          // of nobody
    at.log->append(group);
    REQUIRE(group.wait());
    REQUIRE(group.appends[0].refused);
    CHECK(group.appends[0].refused->code == Errc::fenced);
    REQUIRE(group.appends[1].refused);
    CHECK(group.appends[1].refused->code == Errc::malformed);
    // A newer epoch's marker ends it and fences the old one.
    end(*at.log, {a}, transactional(1, 0, 6), TransactionEnd::abort);
    CHECK(send(*at.log, a, transactional(1, 1, 5)).refused == Errc::fenced);
    CHECK(send(*at.log, a, transactional(1, 0, 6)).base_offset == 2);
    CHECK(committed(*at.log, a).empty());
}

TEST_CASE("producer ids are never given twice, also after a restart", "[log][producers]") {
    LogFixture at;
    std::set<std::int64_t> ids;
    for (int i = 0; i < 250; ++i) {
        if (i % 60 == 59) at.reopen();
        CHECK(ids.insert(at.log->new_producer_id().value()).second);
    }
}

TEST_CASE("silent producers are forgotten, those with a transaction under way are not",
          "[log][producers]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    send(*at.log, a, plain(1, 0, 0));
    send(*at.log, a, transactional(2, 0));
    at.clock.advance_ms(86'400'001);
    send(*at.log, a, plain(3, 0, 0));
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    if (GENERATE(false, true)) at.reopen();
    CHECK(send(*at.log, a, plain(1, 0, 9)).base_offset == 3);              // unknown again
    CHECK(send(*at.log, a, plain(3, 0, 9)).refused == Errc::out_of_order); // known
    CHECK(at.log->bounds(a).value().last_stable_offset == 1);              // still under way
}

TEST_CASE("retention passes a transaction under way and takes old aborts along",
          "[log][transactions]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 1, 3'600'000);
    send(*at.log, a, transactional(1, 0));
    end(*at.log, {a}, transactional(1, 0), TransactionEnd::abort);
    send(*at.log, a, transactional(2, 0));
    at.clock.advance_ms(20 * 3'600'000);
    send(*at.log, a, plain(3, 0, 0));
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    const auto bounds = at.log->bounds(a).value();
    CHECK(bounds.log_start_offset == 3);
    CHECK(bounds.last_stable_offset == 3); // never below the log's start
    CHECK(at.log->aborted(a, 0, 100).value().empty());
    end(*at.log, {a}, transactional(2, 0), TransactionEnd::commit);
    CHECK(committed(*at.log, a) == std::vector<Offset>{3});
}

TEST_CASE("the stored form of a producer's state reads back, and nothing else does",
          "[log][producers]") {
    log::ProducerState state;
    state.epoch = 3;
    state.open_since = 1234567890123;
    state.seen_ms = 1'700'000'000'000;
    for (int i = 0; i < 5; ++i) state.sent.push_back({i * 10, i * 10 + 9, 1000 + i});
    const Bytes bytes = log::encode_producer(state);
    CHECK(log::decode_producer(bytes).value() == state);
    for (std::size_t cut = 1; cut < 18; ++cut)
        CHECK(log::decode_producer(ByteView(bytes).first(cut)).error().code == Errc::corrupt);
    Bytes longer = bytes;
    longer.resize(longer.size() + 16);
    CHECK(log::decode_producer(longer).error().code == Errc::corrupt); // six batches
    CHECK(log::decode_aborted(5, ByteView(bytes).first(23)).error().code == Errc::corrupt);
}
