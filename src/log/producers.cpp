#include "log/producers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::log {

namespace {

constexpr std::int32_t kSequenceMax = std::numeric_limits<std::int32_t>::max();

// Sequences go round: 0 follows the largest.
std::int32_t sequence_after(std::int32_t sequence, std::int32_t steps) {
    return sequence > kSequenceMax - steps ? steps - (kSequenceMax - sequence) - 1
                                           : sequence + steps;
}

Error fenced(const record::BatchHeader& header, const ProducerState& state) {
    return fail(Errc::fenced, fmt::format("producer {} of epoch {}: epoch {} has taken over",
                                          header.producer_id, header.producer_epoch, state.epoch));
}

Result<ProducerState> read_producer(ByteReader reader) {
    ProducerState state;
    HF_TRY(const std::uint16_t epoch, reader.u16_be());
    state.epoch = static_cast<std::int16_t>(epoch);
    HF_TRY(const std::uint64_t open_since, reader.u64_be());
    state.open_since = static_cast<Offset>(open_since);
    HF_TRY(const std::uint64_t seen_ms, reader.u64_be());
    state.seen_ms = static_cast<std::int64_t>(seen_ms);
    while (!reader.empty()) {
        if (state.sent.size() == ProducerState::kRemembered)
            return fail(Errc::malformed, "too many batches");
        SentBatch sent;
        HF_TRY(const std::uint32_t base, reader.u32_be());
        HF_TRY(const std::uint32_t last, reader.u32_be());
        HF_TRY(const std::uint64_t offset, reader.u64_be());
        sent.base_sequence = static_cast<std::int32_t>(base);
        sent.last_sequence = static_cast<std::int32_t>(last);
        sent.base_offset = static_cast<Offset>(offset);
        state.sent.push_back(sent);
    }
    return state;
}

} // namespace

Bytes encode_producer(const ProducerState& state) {
    Bytes value;
    ByteWriter writer(value);
    writer.u16_be(static_cast<std::uint16_t>(state.epoch));
    writer.u64_be(static_cast<std::uint64_t>(state.open_since));
    writer.u64_be(static_cast<std::uint64_t>(state.seen_ms));
    for (const SentBatch& sent : state.sent) {
        writer.u32_be(static_cast<std::uint32_t>(sent.base_sequence));
        writer.u32_be(static_cast<std::uint32_t>(sent.last_sequence));
        writer.u64_be(static_cast<std::uint64_t>(sent.base_offset));
    }
    return value;
}

Result<ProducerState> decode_producer(ByteView value) {
    auto state = read_producer(ByteReader(value));
    if (!state) return fail(Errc::corrupt, "a producer's state: " + state.error().context);
    return state;
}

Bytes encode_aborted(const AbortedTransaction& aborted) {
    Bytes value;
    ByteWriter writer(value);
    writer.u64_be(static_cast<std::uint64_t>(aborted.producer_id));
    writer.u64_be(static_cast<std::uint64_t>(aborted.first_offset));
    writer.u64_be(static_cast<std::uint64_t>(aborted.stable_offset));
    return value;
}

Result<AbortedTransaction> decode_aborted(Offset marker_offset, ByteView value) {
    if (value.size() != 24)
        return fail(Errc::corrupt, "an aborted transaction's value is not 24 bytes long");
    const auto number = [&](std::size_t at) {
        return static_cast<std::int64_t>(load_u64_be(value.data() + at));
    };
    return AbortedTransaction{number(0), number(8), marker_offset, number(16)};
}

Result<std::optional<Offset>> Producers::check(const record::BatchHeader& header) const {
    if (header.producer_epoch < 0 || header.base_sequence < 0)
        return fail(Errc::malformed, fmt::format("producer {}: a batch without epoch or sequence",
                                                 header.producer_id));
    const ProducerState* state = find(header.producer_id);
    if (state == nullptr || state->epoch < 0) return std::optional<Offset>{}; // or long forgotten
    if (header.producer_epoch < state->epoch) return fenced(header, *state);
    const bool is_same_epoch = header.producer_epoch == state->epoch;
    const std::int32_t last_sequence =
        sequence_after(header.base_sequence, header.last_offset_delta);
    if (is_same_epoch)
        for (const SentBatch& sent : state->sent)
            if (sent.base_sequence == header.base_sequence && sent.last_sequence == last_sequence)
                return std::optional(sent.base_offset);
    const std::int32_t expected = is_same_epoch && !state->sent.empty()
                                      ? sequence_after(state->sent.back().last_sequence, 1)
                                      : 0;
    if (header.base_sequence != expected)
        return fail(
            Errc::out_of_order,
            fmt::format("producer {} of epoch {}: sequence {} came, {} was due", header.producer_id,
                        header.producer_epoch, header.base_sequence, expected));
    if (state->open_since >= 0 && !header.is_transactional())
        return fail(Errc::malformed,
                    fmt::format("producer {}: plain records while its transaction is under way",
                                header.producer_id));
    return std::optional<Offset>{};
}

Result<void> Producers::check_marker(const record::BatchHeader& header) const {
    const ProducerState* state = find(header.producer_id);
    if (state != nullptr && header.producer_epoch < state->epoch) return fenced(header, *state);
    return ok();
}

void Producers::append(const record::BatchHeader& header, std::int64_t now_ms) {
    ProducerState& state = states_[header.producer_id];
    if (state.epoch != header.producer_epoch) state.sent.clear();
    state.epoch = header.producer_epoch;
    state.seen_ms = now_ms;
    if (state.sent.size() == ProducerState::kRemembered) state.sent.erase(state.sent.begin());
    state.sent.push_back({header.base_sequence,
                          sequence_after(header.base_sequence, header.last_offset_delta),
                          header.base_offset});
    if (header.is_transactional() && state.open_since < 0) set_open(state, header.base_offset);
}

std::optional<AbortedTransaction> Producers::end(const record::BatchHeader& header,
                                                 record::TransactionEnd how, std::int64_t now_ms) {
    ProducerState& state = states_[header.producer_id];
    if (state.epoch != header.producer_epoch) state.sent.clear();
    state.epoch = header.producer_epoch;
    state.seen_ms = now_ms;
    const Offset first = state.open_since;
    set_open(state, -1);
    if (first < 0 || how == record::TransactionEnd::commit) return {};
    const Offset marker = header.base_offset;
    return AbortedTransaction{header.producer_id, first, marker, stable_offset(marker + 1)};
}

void Producers::set_open(ProducerState& state, Offset open_since) {
    if (state.open_since >= 0) open_.erase(state.open_since);
    if (open_since >= 0) open_.insert(open_since);
    state.open_since = open_since;
}

void Producers::restore(ProducerId id, ProducerState state) {
    if (state.open_since >= 0) open_.insert(state.open_since);
    states_[id] = std::move(state);
}

const ProducerState* Producers::find(ProducerId id) const {
    const auto found = states_.find(id);
    return found == states_.end() ? nullptr : &found->second;
}

Offset Producers::stable_offset(Offset end) const {
    return open_.empty() ? end : *open_.begin();
}

std::optional<ProducerId> Producers::evict() {
    auto oldest = states_.end();
    for (auto at = states_.begin(); at != states_.end(); ++at) {
        if (at->second.open_since >= 0) continue;
        if (oldest == states_.end() || at->second.seen_ms < oldest->second.seen_ms) oldest = at;
    }
    if (oldest == states_.end()) return {};
    const ProducerId id = oldest->first;
    states_.erase(oldest);
    return id;
}

std::vector<ProducerId> Producers::expire(std::int64_t before_ms) {
    std::vector<ProducerId> expired;
    std::erase_if(states_, [&](const auto& entry) {
        const bool is_silent = entry.second.open_since < 0 && entry.second.seen_ms < before_ms;
        if (is_silent) expired.push_back(entry.first);
        return is_silent;
    });
    return expired;
}

} // namespace holdfast::log
