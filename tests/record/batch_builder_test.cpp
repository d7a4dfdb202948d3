// Goal: what we build is Kafka's RecordBatch v2, byte for byte. Method: compare with batches that
// another implementation wrote, read back what was built, look at framing bytes.

#include "record/batch_samples.hpp"

#include <catch2/catch.hpp>

#include <utility>

using namespace holdfast;
using namespace holdfast::record;
using samples::copy_of;
using samples::kBaseMs;

TEST_CASE("a batch equals the one that another implementation built", "[record][builder]") {
    BatchBuilder builder = samples::three_records();
    CHECK(builder.record_count() == 3);
    const std::size_t announced = builder.size_bytes();
    const Bytes built = copy_of(builder.finish());
    CHECK(built == samples::golden("built"));
    CHECK(announced == built.size());
}

TEST_CASE("what was appended reads back under every codec", "[record][builder]") {
    const auto codec = GENERATE(Compression::none, Compression::gzip, Compression::snappy,
                                Compression::lz4, Compression::zstd);
    CAPTURE(static_cast<int>(codec));
    BatchBuilder builder;
    Bytes header;
    encode_header(header, "content-type", as_bytes("text/plain"));
    const std::array<ByteView, 1> headers = {header};
    constexpr int kRecords = 3000; // several compression blocks
    std::vector<std::string> values;
    for (int i = 0; i < kRecords; ++i) {
        values.push_back("reading " + std::to_string(i * 37) + " of sensor " + std::to_string(i));
        builder.append(kBaseMs + i % 7, as_bytes("k" + std::to_string(i % 5)),
                       as_bytes(values.back()), 1, headers);
    }
    const std::size_t plain_bytes = builder.size_bytes();
    const std::span<std::byte> batch = builder.finish(codec);
    set_base_offset(batch, 1'000'000);
    auto view = BatchView::open(batch).value();
    CHECK(view.header().compression() == codec);
    CHECK((batch.size() < plain_bytes) == (codec != Compression::none));
    CHECK(view.header().base_offset == 1'000'000);
    CHECK(view.header().last_offset() == 1'000'000 + kRecords - 1);
    CHECK(view.header().base_timestamp_ms == kBaseMs);
    CHECK(view.header().timestamp_max_ms == kBaseMs + 6);
    RecordView record;
    bool same = true;
    for (int i = 0; i < kRecords; ++i) {
        REQUIRE(view.next(record).value());
        same = same && record.offset == 1'000'000 + i && record.timestamp_ms == kBaseMs + i % 7 &&
               as_text(*record.key) == "k" + std::to_string(i % 5) &&
               as_text(record.value) == values[static_cast<std::size_t>(i)] &&
               as_text(record.header("content-type").value()) == "text/plain";
    }
    CHECK(same);
    CHECK_FALSE(view.next(record).value());
}

TEST_CASE("lz4 blocks stand alone, as the Java client demands", "[record][builder]") {
    BatchBuilder builder;
    const std::string value(1000, 'v');
    for (int i = 0; i < 1000; ++i) builder.append(kBaseMs, std::nullopt, as_bytes(value), 0, {});
    const auto batch = builder.finish(Compression::lz4);
    REQUIRE(builder.size_bytes() > 900'000);
    CHECK(load_u32_be(batch.data() + kBatchHeaderBytes) == 0x04224D18); // the frame's magic
    const auto flags = std::to_integer<unsigned>(batch[kBatchHeaderBytes + 4]);
    CHECK((flags & 0xC0U) == 0x40U); // version 1
    CHECK((flags & 0x20U) != 0);     // blocks are independent
}

TEST_CASE("a batch that compression would not shrink stays plain", "[record][builder]") {
    const auto codec =
        GENERATE(Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd);
    BatchBuilder builder;
    builder.append(kBaseMs, std::nullopt, as_bytes("7"), 0, {});
    const auto batch = builder.finish(codec);
    CHECK(batch.size() == builder.size_bytes());
    CHECK(BatchView::open(batch).value().header().compression() == Compression::none);
    CHECK(samples::walk(batch).value() == 1);
}

TEST_CASE("a cleared builder starts a fresh batch", "[record][builder]") {
    const auto keep = GENERATE(std::size_t{0}, std::size_t{4} << 20U);
    BatchBuilder builder = samples::three_records();
    const Bytes first = copy_of(builder.finish());
    builder.clear(keep);
    CHECK(builder.record_count() == 0);
    CHECK(builder.size_bytes() == 0);
    builder.append(5, std::nullopt, as_bytes("again"), 0, {});
    auto view = BatchView::open(builder.finish()).value();
    RecordView record;
    REQUIRE(view.next(record).value());
    CHECK(record.offset == 0);
    CHECK(record.timestamp_ms == 5);
    CHECK(view.header().timestamp_max_ms == 5);
}

TEST_CASE("a builder moved from is empty and may be used again", "[record][builder]") {
    BatchBuilder first = samples::three_records();
    BatchBuilder second = std::move(first);
    CHECK(second.record_count() == 3);
    CHECK(first.record_count() == 0); // NOLINT(bugprone-use-after-move): the contract says so
    first.append(kBaseMs, std::nullopt, as_bytes("next"), 0, {});
    CHECK(samples::walk(first.finish()).value() == 1);
    CHECK(samples::walk(second.finish()).value() == 3);
}

TEST_CASE("times far apart survive the delta", "[record][builder]") {
    BatchBuilder builder;
    builder.append(0, std::nullopt, ByteView{}, 0, {});
    builder.append(std::int64_t{1} << 61U, std::nullopt, ByteView{}, 0, {});
    builder.append(-(std::int64_t{1} << 61U), std::nullopt, ByteView{}, 0, {});
    auto view = BatchView::open(builder.finish()).value();
    RecordView record;
    std::vector<std::int64_t> times;
    while (view.next(record).value()) times.push_back(record.timestamp_ms);
    CHECK(times == std::vector<std::int64_t>{0, std::int64_t{1} << 61U, -(std::int64_t{1} << 61U)});
}

TEST_CASE("a record without value is a tombstone, one with an empty value is not", "[record]") {
    BatchBuilder builder;
    builder.append(samples::kBaseMs, as_bytes("gone"), std::nullopt, 0, {});
    builder.append(samples::kBaseMs, as_bytes("empty"), ByteView{}, 0, {});
    auto view = BatchView::open(builder.finish()).value();
    RecordView record;
    REQUIRE(view.next(record).value());
    CHECK(record.is_tombstone);
    REQUIRE(view.next(record).value());
    CHECK_FALSE(record.is_tombstone);
    CHECK(record.value.empty());
}
