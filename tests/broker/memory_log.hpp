#pragma once

#include "broker/read_notes.hpp"

#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_view.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::broker::test {

// Keeps records in memory; a group is stored, or refused, when store() is called.
class MemoryLog final : public log::Log {
public:
    void add_stream(std::string name, PartitionIndex partitions,
                    std::uint32_t message_bytes_max = 1U << 20U) {
        auto stream = std::make_shared<log::Stream>();
        stream->id = StreamId{static_cast<std::uint32_t>(streams_.size() + 1)};
        stream->settings.name = std::move(name);
        stream->settings.partitions = partitions;
        stream->settings.message_bytes_max = message_bytes_max;
        streams_.push_back(std::move(stream));
    }
    void change_stream(std::string_view name, PartitionIndex partitions) {
        for (auto& stream : streams_)
            if (stream->settings.name == name) {
                auto changed = std::make_shared<log::Stream>(*stream);
                changed->settings.partitions = partitions;
                stream = std::move(changed);
            }
        ++version_;
    }
    void append(log::AppendGroup& group) override {
        waiting_.push_back(&group);
        if (stores_at_once) store();
    }
    bool stores_at_once = false;
    std::set<StreamId> refused_streams; // take no records; the rest of a group is stored
    // The server died before these were written.
    void drop_waiting() { waiting_.clear(); }
    // Completes all groups that wait. True where there was one.
    bool store(const Result<void>& outcome = ok()) {
        const auto groups = std::exchange(waiting_, {});
        for (log::AppendGroup* group : groups) {
            if (!outcome) {
                group->completed(outcome);
                continue;
            }
            for (log::PartitionAppend& append : group->appends) {
                if (refused_streams.contains(append.partition.stream)) {
                    append.refused = refuse();
                    continue;
                }
                auto& next = next_offset_[append.partition];
                append.base_offset = next;
                next += append.record_count;
                record::set_base_offset(append.batch, append.base_offset);
                keep(append);
                batches_[append.partition].emplace(next - 1,
                                                   Bytes(append.batch.begin(), append.batch.end()));
            }
            group->placed();
            for (const log::StateChange& change : group->state_changes) {
                if (change.value)
                    states_[{change.keyspace, change.key}] = *change.value;
                else
                    states_.erase({change.keyspace, change.key});
            }
            group->completed(outcome);
        }
        return !groups.empty();
    }

    struct Stored {
        PartitionId partition;
        Offset offset;
        std::string key, value;
        std::map<std::string, std::string> headers;
    };
    std::vector<Stored> stored;

    Result<std::shared_ptr<const log::Stream>> create_stream(log::StreamSettings) override {
        return refuse();
    }
    Result<std::shared_ptr<const log::Stream>> alter_stream(const log::StreamSettings&) override {
        return refuse();
    }
    Result<void> delete_stream(std::string_view) override { return refuse(); }
    std::shared_ptr<const log::Stream> find_stream(std::string_view name) const override {
        for (const auto& stream : streams_)
            if (stream->settings.name == name) return stream;
        return nullptr;
    }
    std::shared_ptr<const log::Stream> find_stream(StreamId id) const override {
        return streams_.at(number(id) - 1);
    }
    std::vector<std::shared_ptr<const log::Stream>> streams() const override {
        return {streams_.begin(), streams_.end()};
    }
    std::uint64_t streams_version() const noexcept override { return version_; }
    // The one batch that holds `from`.
    Result<log::Fetched> fetch(PartitionId partition, Offset from, std::size_t,
                               log::Isolation) const override {
        reads.note();
        ++reads.fetches;
        const auto found = batches_.find(partition);
        if (found != batches_.end())
            for (const auto& [last_offset, batch] : found->second)
                if (from <= last_offset) return log::Fetched{batch, last_offset + 1, {}};
        return fail(Errc::not_found, "no such record");
    }
    [[nodiscard]] std::size_t state_count(log::Keyspace keyspace) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            states_, [&](const auto& state) { return state.first.first == keyspace; }));
    }
    using States = std::map<std::pair<log::Keyspace, std::string>, std::string>;
    [[nodiscard]] States& states() noexcept { return states_; }
    // As retention does.
    void forget_records() { batches_.clear(); }
    Result<std::vector<log::AbortedRange>> aborted(PartitionId, Offset, Offset) const override {
        return refuse();
    }
    Result<std::int64_t> new_producer_id() override { return refuse(); }
    Result<log::PartitionBounds> bounds(PartitionId) const override { return refuse(); }
    Result<std::uint64_t> stored_bytes(PartitionId) const override { return refuse(); }
    Result<Offset> offset_at(PartitionId, std::int64_t) const override { return refuse(); }
    Result<Offset> readable_after(PartitionId, Offset) const override { return refuse(); }
    WaitId wait(PartitionId, Offset, std::function<void()>, log::Isolation) override { return 0; }
    void cancel_wait(WaitId) override {}
    Result<std::optional<std::string>> state(log::Keyspace keyspace,
                                             std::string_view key) const override {
        reads.note();
        const auto found = states_.find({keyspace, std::string(key)});
        if (found == states_.end()) return std::optional<std::string>();
        return std::optional<std::string>(found->second);
    }
    using Log::scan_state;
    Result<void> scan_state(log::Keyspace keyspace, std::string_view prefix, std::string_view after,
                            const EachState& each) const override {
        reads.note();
        for (const auto& [key, value] : states_) {
            if (key.first != keyspace || !key.second.starts_with(prefix)) continue;
            if (key.second > after && !each(key.second, value)) break;
        }
        return ok();
    }
    Result<log::Verified> verify(const std::function<void(const log::Damage&)>&) const override {
        return refuse();
    }
    Result<log::Held> apply_retention(std::int64_t, const log::Wanted&) override {
        return log::Held();
    }
    Result<log::Compacted> compact(std::int64_t, std::stop_token) override { return refuse(); }
    Result<log::Erased> erase(const log::Erasure&, std::stop_token) override { return refuse(); }
    Result<void> checkpoint(const std::filesystem::path&) override { return refuse(); }
    std::uint64_t disk_bytes() const override { return 0; }
    std::optional<Error> refusing() const override { return std::nullopt; }

    mutable ReadNotes reads;

private:
    static Error refuse() { return fail(Errc::not_supported, "not in this test"); }
    void keep(const log::PartitionAppend& append) {
        auto batch = record::BatchView::open(append.batch);
        REQUIRE(batch.has_value());
        record::RecordView record;
        while (batch.value().next(record).value()) {
            Stored one{append.partition,
                       record.offset,
                       std::string(as_text(*record.key)),
                       std::string(as_text(record.value)),
                       {}};
            record::HeaderCursor headers(record);
            for (record::HeaderView header; headers.next(header);)
                one.headers[std::string(header.name)] = as_text(header.value);
            stored.push_back(std::move(one));
        }
    }

    std::vector<std::shared_ptr<log::Stream>> streams_;
    std::uint64_t version_ = 1;
    std::vector<log::AppendGroup*> waiting_;
    std::map<PartitionId, Offset> next_offset_;
    std::map<PartitionId, std::map<Offset, Bytes>> batches_; // by last offset
    States states_;
};

} // namespace holdfast::broker::test
