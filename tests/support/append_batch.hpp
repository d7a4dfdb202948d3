#pragma once

#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/transaction_marker.hpp>

#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

// A record with a key; without value it is a tombstone.
struct KeyedValue {
    std::string key;
    std::optional<std::string> value;
    friend bool operator==(const KeyedValue&, const KeyedValue&) = default;
};

// An append group that owns its batches and can be waited for.
class WaitedGroup final : public log::AppendGroup {
public:
    // One batch of `values`, all with the same ingest time.
    void add(PartitionId partition, const std::vector<std::string>& values,
             std::int64_t timestamp_ms = 1'700'000'000'000) {
        record::BatchBuilder builder;
        for (const std::string& value : values)
            builder.append(timestamp_ms, as_bytes("key"), as_bytes(value), 0, {});
        const auto batch = builder.finish();
        stored_.push_back(std::make_unique<Bytes>(batch.begin(), batch.end()));
        appends.push_back({partition, *stored_.back(), static_cast<std::int32_t>(values.size())});
    }
    // One batch of records with keys.
    void add_keyed(PartitionId partition, const std::vector<KeyedValue>& records,
                   std::int64_t timestamp_ms = 1'700'000'000'000,
                   record::Compression compression = record::Compression::none) {
        record::BatchBuilder builder;
        for (const auto& [key, value] : records)
            builder.append(timestamp_ms, as_bytes(key),
                           value ? std::optional(as_bytes(*value)) : std::nullopt, 0, {});
        const auto batch = builder.finish(compression);
        stored_.push_back(std::make_unique<Bytes>(batch.begin(), batch.end()));
        appends.push_back({partition, *stored_.back(), static_cast<std::int32_t>(records.size())});
    }
    // One batch of an idempotent or transactional producer.
    void add(PartitionId partition, const std::vector<std::string>& values,
             const record::ProducerStamp& stamp) {
        add(partition, values);
        record::set_producer(appends.back().batch, stamp);
    }
    void end_transaction(PartitionId partition, const record::ProducerStamp& stamp,
                         record::TransactionEnd end) {
        stored_.push_back(std::make_unique<Bytes>(
            record::make_transaction_marker(stamp.id, stamp.epoch, end, 1'700'000'000'000)));
        appends.push_back({partition, *stored_.back(), 1});
    }
    void change(log::Keyspace keyspace, std::string key, std::optional<std::string> value) {
        state_changes.push_back({keyspace, std::move(key), std::move(value)});
    }

    void completed(Result<void> outcome) noexcept override { done_.set_value(std::move(outcome)); }
    // Once.
    [[nodiscard]] Result<void> wait() { return done_.get_future().get(); }

private:
    std::vector<std::unique_ptr<Bytes>> stored_;
    std::promise<Result<void>> done_;
};

// Appends one batch and waits for it; its base offset.
inline Result<Offset> append_values(log::Log& log, PartitionId partition,
                                    const std::vector<std::string>& values,
                                    std::int64_t timestamp_ms = 1'700'000'000'000) {
    WaitedGroup group;
    group.add(partition, values, timestamp_ms);
    log.append(group);
    HF_TRY(group.wait());
    if (group.appends[0].refused) return *group.appends[0].refused;
    return group.appends[0].base_offset;
}

// As append_values(), with keys.
inline Result<Offset> append_keyed(log::Log& log, PartitionId partition,
                                   const std::vector<KeyedValue>& records,
                                   std::int64_t timestamp_ms = 1'700'000'000'000) {
    WaitedGroup group;
    group.add_keyed(partition, records, timestamp_ms);
    log.append(group);
    HF_TRY(group.wait());
    if (group.appends[0].refused) return *group.appends[0].refused;
    return group.appends[0].base_offset;
}

struct StoredValue {
    Offset offset = 0;
    std::string value;
    friend bool operator==(const StoredValue&, const StoredValue&) = default;
};

// The records of fetched batches from `from` on.
inline Result<std::vector<StoredValue>> values_of(ByteView batches, Offset from = 0) {
    std::vector<StoredValue> values;
    while (!batches.empty()) {
        HF_TRY(auto view, record::BatchView::open(batches));
        record::RecordView record;
        for (;;) {
            HF_TRY(const bool more, view.next(record));
            if (!more) break;
            if (record.offset >= from)
                values.push_back({record.offset, std::string(as_text(record.value))});
        }
        batches = batches.subspan(view.header().size_bytes());
    }
    return values;
}

// All committed records of the partition from `from` on.
inline Result<std::vector<StoredValue>> read_all(const log::Log& log, PartitionId partition,
                                                 Offset from = 0) {
    std::vector<StoredValue> all;
    for (;;) {
        HF_TRY(auto fetched, log.fetch(partition, from, 1U << 20U));
        if (fetched.next_offset == from) return all;
        HF_TRY(auto values, values_of(fetched.batches, from));
        all.insert(all.end(), values.begin(), values.end());
        from = fetched.next_offset;
    }
}

struct StoredRecord {
    Offset offset = 0;
    KeyedValue record;
    friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};

// As read_all(), with keys.
inline Result<std::vector<StoredRecord>> read_keyed(
    const log::Log& log, PartitionId partition, Offset from = 0,
    log::Isolation isolation = log::Isolation::committed) {
    std::vector<StoredRecord> all;
    for (;;) {
        HF_TRY(auto fetched, log.fetch(partition, from, 1U << 16U, isolation));
        if (fetched.next_offset == from) return all;
        for (ByteView batches = fetched.batches; !batches.empty();) {
            HF_TRY(auto view, record::BatchView::open(batches));
            batches = batches.subspan(view.header().size_bytes());
            record::RecordView record;
            for (;;) {
                HF_TRY(const bool has_more, view.next(record));
                if (!has_more) break;
                if (record.offset < from || view.header().is_control()) continue;
                StoredRecord stored{record.offset, {std::string(as_text(*record.key)), {}}};
                if (!record.is_tombstone) stored.record.value = std::string(as_text(record.value));
                all.push_back(std::move(stored));
            }
        }
        from = fetched.next_offset;
    }
}

} // namespace holdfast::test
