#pragma once

#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/partitioner.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace holdfast::test {

// A Publisher that appends each batch to the log as one group; messages without a stream go to
// `topic_stream`. It can end like a killed process: from one publish on, nothing is answered well.
class LogPublisher final : public broker::Publisher {
public:
    LogPublisher(log::Log& log, std::string topic_stream)
        : log_(log), topic_stream_(std::move(topic_stream)) {}

    // The publish after `more` others is the last: it is stored or not, and fails either way, as
    // all that come later do.
    void crash_after(int more, bool last_is_stored) {
        const std::lock_guard lock(mutex_);
        left_ = more;
        last_is_stored_ = last_is_stored;
    }
    // What is published from now on is stored again, as when a full disk has got room.
    void recover() {
        const std::lock_guard lock(mutex_);
        left_ = kForEver;
    }
    [[nodiscard]] bool has_crashed() const {
        const std::lock_guard lock(mutex_);
        return left_ < 0;
    }

    // A message with a larger payload can never be stored.
    void take_at_most(std::size_t payload_bytes) {
        const std::lock_guard lock(mutex_);
        payload_bytes_max_ = payload_bytes;
    }

    // How many the last batch had.
    [[nodiscard]] std::size_t last_state_changes() const {
        const std::lock_guard lock(mutex_);
        return last_state_changes_;
    }

    void publish(broker::PublishBatch batch, Done done) override {
        bool is_dead = false;
        bool is_stored = true;
        std::size_t payload_bytes_max = 0;
        {
            const std::lock_guard lock(mutex_);
            last_state_changes_ = batch.state_changes.size();
            payload_bytes_max = payload_bytes_max_;
            is_dead = left_ <= 0;
            is_stored = left_ > 0 || (left_ == 0 && last_is_stored_);
            if (left_ != kForEver) left_ = std::max(left_ - 1, -1);
        }
        auto* group = new Group(std::move(done), is_dead); // deletes itself when completed
        if (is_stored) fill(*group, batch, payload_bytes_max);
        log_.append(*group);
    }

    static void encode(record::BatchBuilder& builder, const broker::OutMessage& message,
                       std::int64_t arrival_ms) {
        Bytes headers;
        std::uint32_t count = 0;
        const auto header = [&](std::string_view name, std::string_view value) {
            record::encode_header(headers, name, as_bytes(value));
            ++count;
        };
        if (!message.topic.empty()) header("mqtt.topic", message.topic);
        if (!message.client_id.empty()) header("mqtt.client", message.client_id);
        if (message.event_ms) header("ts", std::to_string(*message.event_ms));
        for (const auto& [name, value] : message.user_properties) header("u." + name, value);
        const ByteView piece = headers;
        builder.append(arrival_ms, as_bytes(message.device), as_bytes(message.payload), count,
                       {&piece, 1});
    }

private:
    class Group final : public log::AppendGroup {
    public:
        Group(Done done, bool is_dead) : done_(std::move(done)), is_dead_(is_dead) {}
        void completed(Result<void> outcome) noexcept override {
            std::unique_ptr<Group> self(this);
            if (is_dead_) {
                done_(fail(Errc::closed, "killed"));
            } else if (!outcome) {
                done_(outcome.error());
            } else if (missing) {
                done_(fail(Errc::not_found, "no such stream"));
            } else {
                done_(std::move(placed));
            }
        }
        std::vector<std::unique_ptr<record::BatchBuilder>> builders;
        std::vector<broker::Placed> placed;
        bool missing = false;

    private:
        Done done_;
        bool is_dead_;
    };

    void fill(Group& group, broker::PublishBatch& batch, std::size_t payload_bytes_max) {
        for (const auto& message : batch.messages)
            if (log_.find_stream(message.stream.empty() ? topic_stream_ : message.stream) ==
                nullptr)
                group.missing = true;
        if (group.missing) return;
        for (const auto& message : batch.messages) {
            broker::Placed& placed = group.placed.emplace_back();
            if (batch.passes_over && message.payload.size() > payload_bytes_max) {
                // Named: g++ 12 takes a temporary's moved text for one out of its bounds.
                const Error why = fail(Errc::limit_exceeded, "larger than its stream takes");
                placed.refused = why;
                continue;
            }
            const auto stream =
                log_.find_stream(message.stream.empty() ? topic_stream_ : message.stream);
            group.builders.push_back(std::make_unique<record::BatchBuilder>());
            encode(*group.builders.back(), message, message.event_ms.value_or(0));
            group.appends.push_back(
                {{stream->id,
                  record::partition_for(as_bytes(message.device), stream->settings.partitions)},
                 group.builders.back()->finish(),
                 1});
        }
        group.state_changes = std::move(batch.state_changes);
    }

    static constexpr int kForEver = 1'000'000'000;
    log::Log& log_;
    const std::string topic_stream_;
    mutable std::mutex mutex_;
    int left_ = kForEver;                      // guarded by mutex_
    bool last_is_stored_ = false;              // guarded by mutex_
    std::size_t last_state_changes_ = 0;       // guarded by mutex_
    std::size_t payload_bytes_max_ = SIZE_MAX; // guarded by mutex_
};

} // namespace holdfast::test
