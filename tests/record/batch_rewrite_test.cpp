// Goal: a batch from which compaction took records still says of the others what it said: offset,
// time, key, value, headers, producer. Method: batches of every codec and kind of time, read again.
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/batch_rewrite.hpp>
#include <holdfast/record/batch_view.hpp>

#include "record/batch_samples.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::record;

namespace {

constexpr std::int64_t kTimeMs = 1'700'000'000'000;

Bytes batch_of(int count, Compression codec) {
    BatchBuilder builder;
    Bytes header;
    encode_header(header, "mqtt.topic", as_bytes(std::string_view("a/b")));
    const std::vector<ByteView> pieces{header};
    for (int i = 0; i < count; ++i) {
        const std::string key = "k" + std::to_string(i);
        const std::string value = std::string(50, 'v') + std::to_string(i);
        builder.append(kTimeMs + i * 10, as_bytes(key), as_bytes(value), 1, pieces);
    }
    Bytes batch = samples::copy_of(builder.finish(codec));
    set_base_offset(batch, 1000);
    set_producer(batch, {77, 3, 12, true, false});
    return batch;
}

std::vector<RecordView> records_of(BatchView& view) {
    std::vector<RecordView> records;
    RecordView record;
    while (view.next(record).value()) records.push_back(record);
    return records;
}

} // namespace

TEST_CASE("what is kept of a batch stays as it was", "[record]") {
    const auto codec = GENERATE(Compression::none, Compression::gzip, Compression::snappy,
                                Compression::lz4, Compression::zstd);
    const bool has_horizon = GENERATE(false, true);
    const bool is_append_time = GENERATE(false, true);
    CAPTURE(static_cast<int>(codec), has_horizon, is_append_time);
    Bytes before = batch_of(20, codec);
    if (is_append_time) set_append_time(before, kTimeMs + 5'000);
    std::vector<bool> keeps(20, false);
    keeps[0] = has_horizon;
    keeps[3] = keeps[11] = true;
    const std::int64_t horizon = kTimeMs + 86'400'000;

    const Bytes after =
        rewrite_batch(before, keeps, has_horizon ? std::optional(horizon) : std::nullopt).value();

    auto old_view = BatchView::open(before).value();
    auto view = BatchView::open(after).value();
    const BatchHeader& header = view.header();
    CHECK(header.base_offset == 1000);
    CHECK(header.last_offset_delta == 19);
    CHECK(header.producer_id == 77);
    CHECK(header.producer_epoch == 3);
    CHECK(header.base_sequence == 12);
    CHECK(header.is_transactional());
    CHECK(header.is_log_append_time() == is_append_time);
    CHECK(header.delete_horizon_ms() == (has_horizon ? std::optional(horizon) : std::nullopt));
    CHECK(header.timestamp_max_ms == (is_append_time ? kTimeMs + 5'000 : kTimeMs + 110));
    CHECK(header.size_bytes() == after.size());
    const auto old_records = records_of(old_view);
    const auto records = records_of(view);
    REQUIRE(records.size() == (has_horizon ? 3 : 2));
    for (const RecordView& record : records) {
        const RecordView& old = old_records[static_cast<std::size_t>(record.offset - 1000)];
        CHECK(keeps[static_cast<std::size_t>(record.offset - 1000)]);
        CHECK(record.timestamp_ms == old.timestamp_ms);
        CHECK(as_text(*record.key) == as_text(*old.key));
        CHECK(as_text(record.value) == as_text(old.value));
        CHECK(as_text(*record.header("mqtt.topic")) == "a/b");
    }

    SECTION("and may be taken from once more") {
        std::vector<bool> last(records.size(), false);
        last.back() = true;
        const Bytes third = rewrite_batch(after, last, {}).value();
        auto third_view = BatchView::open(third).value();
        CHECK(third_view.header().delete_horizon_ms() == header.delete_horizon_ms());
        const auto left = records_of(third_view);
        REQUIRE(left.size() == 1);
        CHECK(left[0].offset == 1011);
        CHECK(left[0].timestamp_ms == records.back().timestamp_ms);
    }
}

TEST_CASE("a damaged batch is not rewritten", "[record]") {
    Bytes batch = batch_of(3, Compression::none);
    batch.back() ^= std::byte{1};
    CHECK(rewrite_batch(batch, {true, true, true}, {}).error().code == Errc::corrupt);
}

TEST_CASE("a batch of which records were taken spans the times that it spanned", "[record]") {
    const auto codec = GENERATE(Compression::none, Compression::gzip, Compression::snappy,
                                Compression::lz4, Compression::zstd);
    CAPTURE(static_cast<int>(codec));
    const Bytes before = batch_of(20, codec);
    std::vector<bool> keeps(20, true);
    keeps[19] = keeps[4] = false;
    const Bytes some = thin_batch(before, keeps).value();
    const Bytes none = thin_batch(before, std::vector<bool>(20, false)).value();
    for (const Bytes& after : {some, none}) {
        auto view = BatchView::open(after).value();
        const BatchHeader& header = view.header();
        CHECK(header.size_bytes() == after.size());
        CHECK(header.base_offset == 1000);
        CHECK(header.last_offset() == 1019);
        CHECK(header.base_timestamp_ms == kTimeMs);
        CHECK(header.timestamp_max_ms == kTimeMs + 190);
        CHECK(header.producer_id == 77);
        CHECK(header.base_sequence == 12);
    }
    auto view = BatchView::open(some).value();
    const auto records = records_of(view);
    REQUIRE(records.size() == 18);
    CHECK(as_text(*records[4].key) == "k5");
    CHECK(records[4].offset == 1005);
    CHECK(records[4].timestamp_ms == kTimeMs + 50);
    auto empty = BatchView::open(none).value();
    CHECK(records_of(empty).empty());
    CHECK(none.size() < 100);
}
