// Goal: lost, duplicated and reordered messages are told apart, per publisher, however they mix.
#include <load/sequence_checker.hpp>

#include <catch2/catch.hpp>

#include <initializer_list>

using holdfast::load::SequenceChecker;

namespace {

SequenceChecker after(std::initializer_list<std::uint64_t> sequences) {
    SequenceChecker checker(1);
    for (const std::uint64_t sequence : sequences) checker.on_message(0, sequence);
    return checker;
}

} // namespace

TEST_CASE("messages in order leave nothing to report", "[load][sequence]") {
    const SequenceChecker checker = after({0, 1, 2, 3});
    CHECK(checker.counts().received == 4);
    CHECK(checker.counts().duplicated == 0);
    CHECK(checker.counts().reordered == 0);
    CHECK(checker.missing(0, 4) == 0);
    CHECK(checker.missing(0, 6) == 2);
}

TEST_CASE("a gap is missing until a late message fills it", "[load][sequence]") {
    SequenceChecker checker = after({0, 4});
    CHECK(checker.missing(0, 5) == 3);
    checker.on_message(0, 2);
    CHECK(checker.missing(0, 5) == 2);
    CHECK(checker.counts().reordered == 1);
    checker.on_message(0, 1);
    checker.on_message(0, 3);
    CHECK(checker.missing(0, 5) == 0);
    CHECK(checker.counts().received == 5);
    CHECK(checker.counts().reordered == 3);
    CHECK(checker.counts().duplicated == 0);
}

TEST_CASE("a message seen before is a duplicate and not received twice", "[load][sequence]") {
    const SequenceChecker checker = after({0, 1, 1, 0, 2});
    CHECK(checker.counts().received == 3);
    CHECK(checker.counts().duplicated == 2);
    CHECK(checker.counts().reordered == 0);
    CHECK(checker.missing(0, 3) == 0);
}

TEST_CASE("a duplicate of a late message is a duplicate", "[load][sequence]") {
    const SequenceChecker checker = after({0, 3, 1, 1});
    CHECK(checker.counts().reordered == 1);
    CHECK(checker.counts().duplicated == 1);
    CHECK(checker.missing(0, 4) == 1);
}

TEST_CASE("publishers are followed apart from each other", "[load][sequence]") {
    SequenceChecker checker(2);
    checker.on_message(0, 0);
    checker.on_message(1, 1);
    CHECK(checker.missing(0, 1) == 0);
    CHECK(checker.missing(1, 2) == 1);
}

TEST_CASE("a message of nobody we know is foreign", "[load][sequence]") {
    SequenceChecker checker(1);
    checker.on_message(7, 0);
    checker.on_message(0, ~0ULL);
    CHECK(checker.counts().foreign == 2);
    CHECK(checker.counts().received == 0);
}

TEST_CASE("thousands of gaps cost bounded memory and stay counted", "[load][sequence]") {
    SequenceChecker checker(1);
    for (std::uint64_t sequence = 1; sequence < 20'000; sequence += 2)
        checker.on_message(0, sequence);
    CHECK(checker.counts().received == 10'000);
    CHECK(checker.missing(0, 20'000) == 10'000);
}
