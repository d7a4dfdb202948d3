// Goal: a key lands where Kafka's Java client would put it. Method: its published golden values.

#include <holdfast/record/partitioner.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;

TEST_CASE("murmur2 gives what the Java client gives", "[record][partitioner]") {
    struct Row {
        const char* key;
        std::int32_t hash;
    };
    const auto row = GENERATE(values<Row>({
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    }));
    CAPTURE(row.key);
    CHECK(record::murmur2(as_bytes(row.key)) == row.hash);
}

TEST_CASE("the partition is the positive hash modulo the count", "[record][partitioner]") {
    CHECK(record::partition_for(as_bytes("foobar"), 1) == 0);
    CHECK(record::partition_for(as_bytes("foobar"), 8) == (-790332482 & 0x7FFFFFFF) % 8);
    CHECK(record::partition_for(as_bytes("abc"), 12) == 479470107 % 12);
    CHECK(record::partition_for({}, 5) < 5);
}

TEST_CASE("every partition gets its share of many keys", "[record][partitioner]") {
    int counts[8] = {};
    for (int i = 0; i < 8000; ++i)
        ++counts[record::partition_for(as_bytes("device-" + std::to_string(i)), 8)];
    for (const int count : counts) CHECK(count > 800);
}
