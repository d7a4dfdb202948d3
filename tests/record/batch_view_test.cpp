// Goal: a damaged or hostile batch is an error, never a wrong record, a crash or a large
// allocation. Method: captured batches, every prefix, every flipped bit, and records made wrong
// behind a good CRC.

#include "record/batch_samples.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::record;
using samples::golden;
using samples::walk;

namespace {

constexpr std::size_t kCrcFrom = 21;

Bytes built_batch() {
    BatchBuilder builder = samples::three_records();
    return samples::copy_of(builder.finish());
}

// One record of these fields, length in front. Lengths are given, not derived: tests lie with them.
struct Fields {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    std::int32_t key_length = -1;
    std::int32_t value_length = -1;
    std::int32_t header_count = 0;
    Bytes headers{};
    std::int32_t length_more = 0;
};

Bytes record_of(const Fields& fields) {
    Bytes body;
    ByteWriter writer(body);
    writer.u8(0);
    writer.varlong(fields.timestamp_delta);
    writer.varint(fields.offset_delta);
    writer.varint(fields.key_length);
    writer.varint(fields.value_length);
    writer.varint(fields.header_count);
    writer.bytes(fields.headers);
    Bytes record;
    ByteWriter whole(record);
    whole.varint(static_cast<std::int32_t>(body.size()) + fields.length_more);
    whole.bytes(body);
    return record;
}

} // namespace

TEST_CASE("batches of another implementation read back under every codec", "[record][view]") {
    const auto name = GENERATE("none", "gzip", "snappy", "lz4", "zstd");
    CAPTURE(name);
    const Bytes bytes = golden(name);
    REQUIRE(bytes.size() > kBatchHeaderBytes);
    auto view = BatchView::open(bytes).value();
    CHECK(view.header().size_bytes() == bytes.size());
    CHECK(view.header().record_count == 4);
    CHECK(view.header().producer_id == -1);
    CHECK(view.header().timestamp_max_ms == samples::kBaseMs + 1000);
    RecordView record;

    REQUIRE(view.next(record).value());
    CHECK(as_text(*record.key) == "lift-7");
    CHECK(as_text(record.value) == R"({"speed":1.5})");
    CHECK(as_text(record.header("mqtt.topic").value()) == "plant/lift-7/in");
    CHECK(as_text(record.header("mqtt.qos").value()) == "1");
    CHECK_FALSE(record.header("mqtt.retain").has_value());

    REQUIRE(view.next(record).value());
    CHECK_FALSE(record.key.has_value());
    CHECK_FALSE(record.is_tombstone);
    CHECK(record.value.empty());
    CHECK(record.timestamp_ms == samples::kBaseMs + 3);

    REQUIRE(view.next(record).value());
    CHECK(record.is_tombstone);
    CHECK(record.timestamp_ms == samples::kBaseMs - 10);
    CHECK(record.header("u.unit").value().empty());

    REQUIRE(view.next(record).value());
    CHECK(record.offset == 3);
    CHECK(record.key.value().empty());
    CHECK(as_text(record.value) == std::string(200, 'x'));
    CHECK_FALSE(view.next(record).value());
}

TEST_CASE("bytes behind a batch are left alone", "[record][view]") {
    Bytes two = built_batch();
    const std::size_t one = two.size();
    two.insert(two.end(), one, std::byte{0xEE});
    CHECK(walk(two).value() == 3);
    CHECK(decode_batch_header(two).value().size_bytes() == one);
}

TEST_CASE("no prefix of a batch reads as a batch", "[record][view]") {
    const auto name = GENERATE("built", "gzip", "snappy", "lz4", "zstd");
    const Bytes bytes = golden(name);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const auto opened = BatchView::open(ByteView(bytes).first(length));
        REQUIRE_FALSE(opened);
        REQUIRE(opened.error().code == Errc::malformed);
    }
}

TEST_CASE("no prefix of compressed records decompresses behind a good CRC", "[record][view]") {
    const auto name = GENERATE("gzip", "snappy", "lz4", "zstd");
    CAPTURE(name);
    const Bytes bytes = golden(name);
    const auto header = decode_batch_header(bytes).value();
    const ByteView records = ByteView(bytes).subspan(kBatchHeaderBytes);
    for (std::size_t length = 0; length < records.size(); ++length) {
        const Bytes cut = samples::batch_around(records.first(length), header.compression(), 4, 3);
        const auto walked = walk(cut);
        CAPTURE(length);
        REQUIRE_FALSE(walked);
        REQUIRE(walked.error().code == Errc::corrupt);
    }
}

TEST_CASE("every flipped bit under the CRC is noticed", "[record][view]") {
    Bytes bytes = built_batch();
    for (std::size_t at = kCrcFrom; at < bytes.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            bytes[at] ^= static_cast<std::byte>(1U << bit);
            const auto opened = BatchView::open(bytes);
            REQUIRE_FALSE(opened);
            REQUIRE(opened.error().code == Errc::corrupt);
            bytes[at] ^= static_cast<std::byte>(1U << bit);
        }
    }
    CHECK(walk(bytes).value() == 3);
}

// What is opened without comparing the CRC may still be damaged: then walking it fails, or the
// records that it gives lie inside it.
TEST_CASE("a batch opened without its CRC gives no record from outside of it", "[record][view]") {
    Bytes bytes = built_batch();
    const auto inside = [&bytes](ByteView view) {
        return view.empty() || (view.data() >= bytes.data() &&
                                view.data() + view.size() <= bytes.data() + bytes.size());
    };
    const auto count = [&] {
        auto batch = BatchView::open_fetched(bytes);
        std::size_t records = 0;
        RecordView record;
        while (batch) {
            const auto more = batch.value().next(record);
            if (!more || !more.value()) break;
            ++records;
            REQUIRE((inside(record.value) && inside(record.key.value_or(ByteView()))));
            HeaderCursor headers(record);
            for (HeaderView header; headers.next(header);)
                REQUIRE((inside(as_bytes(header.name)) && inside(header.value)));
        }
        return records;
    };
    CHECK(count() == 3);
    for (std::size_t at = kBatchHeaderBytes; at < bytes.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            bytes[at] ^= static_cast<std::byte>(1U << bit);
            CHECK(count() <= 3);
            bytes[at] ^= static_cast<std::byte>(1U << bit);
        }
    }
}

TEST_CASE("a wrong CRC field, magic or codec is refused by name", "[record][view]") {
    Bytes bytes = built_batch();
    SECTION("CRC") {
        bytes[18] ^= std::byte{1};
        CHECK(BatchView::open(bytes).error().code == Errc::corrupt);
    }
    SECTION("magic") {
        bytes[16] = std::byte{1};
        CHECK(BatchView::open(bytes).error().code == Errc::not_supported);
    }
    SECTION("codec") {
        bytes[22] = std::byte{5};
        samples::mend_crc(bytes);
        CHECK(BatchView::open(bytes).error().code == Errc::not_supported);
    }
    SECTION("a length below the header") {
        store_u32_be(bytes.data() + 8, 48);
        CHECK(BatchView::open(bytes).error().code == Errc::corrupt);
    }
    SECTION("a negative length") {
        store_u32_be(bytes.data() + 8, 0x8000'0000U);
        CHECK(BatchView::open(bytes).error().code == Errc::corrupt);
    }
    SECTION("a negative count") {
        store_u32_be(bytes.data() + 57, 0xFFFF'FFFFU);
        samples::mend_crc(bytes);
        CHECK(BatchView::open(bytes).error().code == Errc::corrupt);
    }
    SECTION("offsets beyond 64 bits") {
        set_base_offset(bytes, std::numeric_limits<Offset>::max() - 1);
        CHECK(BatchView::open(bytes).error().code == Errc::corrupt);
    }
}

TEST_CASE("control and log append time bits are told", "[record][view]") {
    Bytes bytes = built_batch();
    CHECK_FALSE(BatchView::open(bytes).value().header().is_control());
    bytes[22] = std::byte{0x28};
    samples::mend_crc(bytes);
    auto view = BatchView::open(bytes).value();
    CHECK(view.header().is_control());
    RecordView record;
    while (view.next(record).value()) CHECK(record.timestamp_ms == view.header().timestamp_max_ms);
}

TEST_CASE("records that contradict their lengths are corrupt", "[record][view]") {
    struct Row {
        const char* what;
        Fields fields;
    };
    const Bytes header = [] {
        Bytes out;
        encode_header(out, "a", as_bytes("b"));
        return out;
    }();
    const auto bytes = [](std::initializer_list<int> list) {
        Bytes out;
        for (const int value : list) out.push_back(static_cast<std::byte>(value));
        return out;
    };
    const std::vector<Row> rows = {
        {"runs past the batch", {.length_more = 1}},
        {"shorter than its fields", {.length_more = -1}},
        {"negative length", {.length_more = -100}},
        {"negative key length", {.key_length = -2}},
        {"key past the record", {.key_length = 100}},
        {"negative value length", {.value_length = -2}},
        {"value past the record", {.value_length = 0x7FFFFFFF}},
        {"negative header count", {.header_count = -1}},
        {"more headers than bytes", {.header_count = 0x7FFFFFFF, .headers = header}},
        {"fewer headers than bytes", {.header_count = 0, .headers = header}},
        {"null header name", {.header_count = 1, .headers = bytes({1, 2, 'v'})}},
        {"header name past the record", {.header_count = 1, .headers = bytes({8, 'n'})}},
        {"no header value length", {.header_count = 1, .headers = bytes({2, 'n'})}},
        {"header value past the record", {.header_count = 1, .headers = bytes({2, 'n', 8, 'v'})}},
        {"header value length -2", {.header_count = 1, .headers = bytes({2, 'n', 3})}},
        {"offset delta past the last", {.offset_delta = 1}},
        {"offset delta at the end of 32 bits", {.offset_delta = 0x7FFFFFFF}},
        {"negative offset delta", {.offset_delta = -1}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const Bytes batch = samples::batch_around(record_of(row.fields), Compression::none, 1, 0);
        const auto walked = walk(batch);
        REQUIRE_FALSE(walked);
        CHECK(walked.error().code == Errc::corrupt);
        CHECK_FALSE(walked.error().context.empty());
    }
}

TEST_CASE("a record cut after any of its fields is corrupt", "[record][view]") {
    const Bytes whole = record_of({});
    for (std::size_t fields = 0; fields + 1 < whole.size(); ++fields) {
        Bytes cut = {static_cast<std::byte>(2 * fields)}; // zig-zag of the length
        cut.insert(cut.end(), whole.begin() + 1,
                   whole.begin() + 1 + static_cast<std::ptrdiff_t>(fields));
        const auto walked = walk(samples::batch_around(cut, Compression::none, 1, 0));
        REQUIRE_FALSE(walked);
        CHECK(walked.error().code == Errc::corrupt);
    }
    CHECK(walk(samples::batch_around(whole, Compression::none, 1, 0)).value() == 1);
}

TEST_CASE("a null header value reads as empty", "[record][view]") {
    const Bytes headers = {std::byte{2}, std::byte{'n'}, std::byte{1}};
    const Bytes batch = samples::batch_around(record_of({.header_count = 1, .headers = headers}),
                                              Compression::none, 1, 0);
    auto view = BatchView::open(batch).value();
    RecordView record;
    REQUIRE(view.next(record).value());
    CHECK(record.header("n").value().empty());
}

TEST_CASE("records must fill the batch and offsets must rise", "[record][view]") {
    Bytes records = record_of({.offset_delta = 0});
    const Bytes second = record_of({.offset_delta = 2});
    records.insert(records.end(), second.begin(), second.end());
    const auto walk_as = [&](std::int32_t count, std::int32_t last) {
        return walk(samples::batch_around(records, Compression::none, count, last));
    };
    CHECK(walk_as(2, 2).value() == 2); // a hole, as compaction leaves it
    CHECK(walk_as(1, 2).error().code == Errc::corrupt);
    CHECK(walk_as(3, 2).error().code == Errc::corrupt);
    CHECK(walk_as(2, 1).error().code == Errc::corrupt);
    const Bytes first = record_of({.offset_delta = 1});
    Bytes back = second;
    back.insert(back.end(), first.begin(), first.end());
    CHECK(walk(samples::batch_around(back, Compression::none, 2, 2)).error().code == Errc::corrupt);
    Bytes twice = first;
    twice.insert(twice.end(), first.begin(), first.end());
    CHECK(walk(samples::batch_around(twice, Compression::none, 2, 2)).error().code ==
          Errc::corrupt);
}
