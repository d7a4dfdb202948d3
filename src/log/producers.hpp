#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/transaction_marker.hpp>

#include <boost/container/static_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace holdfast::log {

using ProducerId = std::int64_t;

// A batch that a producer has sent, as far as its repetition must be known.
struct SentBatch {
    std::int32_t base_sequence = 0;
    std::int32_t last_sequence = 0;
    Offset base_offset = 0;
    friend bool operator==(const SentBatch&, const SentBatch&) = default;
};

// What a partition knows of one idempotent or transactional producer (KIP-98). Kafka's clients have
// at most five batches under way, so five are remembered.
struct ProducerState {
    static constexpr std::size_t kRemembered = 5;

    std::int16_t epoch = -1;
    Offset open_since = -1; // first offset of its transaction under way; -1 = none
    std::int64_t seen_ms = 0;
    boost::container::static_vector<SentBatch, kRemembered> sent; // of this epoch, oldest first
    friend bool operator==(const ProducerState&, const ProducerState&) = default;
};

// The stored form, docs/format/log.md. Decoder: corrupt.
[[nodiscard]] Bytes encode_producer(const ProducerState& state);
[[nodiscard]] Result<ProducerState> decode_producer(ByteView value);

// An aborted transaction in one partition.
struct AbortedTransaction {
    ProducerId producer_id = 0;
    Offset first_offset = 0;
    Offset marker_offset = 0; // of the marker that ended it
    Offset stable_offset = 0; // the last stable offset behind the marker: what is listed later
                              // began there or above
};
// Without the marker's offset, which is the key.
[[nodiscard]] Bytes encode_aborted(const AbortedTransaction& aborted);
[[nodiscard]] Result<AbortedTransaction> decode_aborted(Offset marker_offset, ByteView value);

// The producers of one partition. Committer thread only (and recovery).
class Producers {
public:
    // Whether the data batch may be appended: nothing if it may; the base offset it got if it is
    // there already. Errors: fenced (an older epoch), out_of_order (a sequence before it is
    // missing), malformed (no sequence, or plain records inside a transaction).
    [[nodiscard]] Result<std::optional<Offset>> check(const record::BatchHeader& header) const;
    // Whether the marker may be appended. Errors: fenced.
    [[nodiscard]] Result<void> check_marker(const record::BatchHeader& header) const;

    // Takes note of a batch that check() let pass, its base offset set.
    void append(const record::BatchHeader& header, std::int64_t now_ms);
    // Ends the producer's transaction by the marker `header`; what it aborted, if it did.
    std::optional<AbortedTransaction> end(const record::BatchHeader& header,
                                          record::TransactionEnd how, std::int64_t now_ms);

    void restore(ProducerId id, ProducerState state);
    [[nodiscard]] const ProducerState* find(ProducerId id) const;
    [[nodiscard]] std::size_t count() const noexcept { return states_.size(); }
    // First offset of the oldest transaction under way; `end` if there is none.
    [[nodiscard]] Offset stable_offset(Offset end) const;

    // Forgets the one that was silent for longest and has no transaction under way; its id.
    std::optional<ProducerId> evict();
    // Forgets those silent since before `before_ms` without a transaction under way; their ids.
    std::vector<ProducerId> expire(std::int64_t before_ms);

private:
    void set_open(ProducerState& state, Offset open_since);

    std::unordered_map<ProducerId, ProducerState> states_;
    std::set<Offset> open_; // open_since of all that have one
};

} // namespace holdfast::log
