#include "broker/queue_reader.hpp"

#include "broker/session_codec.hpp"

#include <holdfast/base/log_line.hpp>

#include <cassert>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kFreshChunksMax = 64; // known in memory, of one session
constexpr std::size_t kFreshBytesMax = 64U << 10U;

std::size_t fresh_bytes(const PersistentState& state) {
    std::size_t sum = 0;
    for (const PersistentState::StoredChunk& chunk : state.fresh) sum += chunk.value.size();
    return sum;
}

} // namespace

bool QueueReader::add(PersistentState& state, std::uint64_t number, std::string value,
                      bool is_wanted_now) {
    if (number < state.next_chunk) return false; // was read meanwhile
    const bool has_room =
        state.fresh.size() < kFreshChunksMax && fresh_bytes(state) + value.size() <= kFreshBytesMax;
    // In memory only for those who take it soon; the others' stays where it is stored.
    if (!state.has_more && number == state.next_chunk && has_room && is_wanted_now) {
        state.fresh.push_back({number, std::move(value), true});
        state.next_chunk = number + 1;
    } else {
        state.has_more = true; // and is read when its turn comes
        state.more_came = true;
    }
    return true;
}

bool QueueReader::has_next(Session& session) {
    const PersistentState& state = *session.persistent;
    return state.at < state.messages.size() || begin_chunk(session);
}

void QueueReader::take(PersistentState& state, QueueStretch stretch) {
    // Nobody adds to what is known while the stretch is read: see add().
    assert(state.is_reading && state.fresh.empty() && state.has_more);
    state.is_reading = false;
    for (auto& [number, value] : stretch.chunks) {
        assert(number >= state.next_chunk);
        state.next_chunk = number + 1;
        state.fresh.push_back({number, std::move(value), false});
    }
    state.has_more = !stretch.is_through || state.more_came;
}

// False where no chunk is known that was not begun.
bool QueueReader::begin_chunk(Session& session) {
    PersistentState& state = *session.persistent;
    state.messages.clear();
    state.at = 0;
    while (state.messages.empty()) {
        if (state.fresh.empty()) return false;
        const PersistentState::StoredChunk chunk = std::move(state.fresh.front());
        state.fresh.pop_front();
        if (state.unsettled.contains(chunk.number)) continue; // under way since before the restart
        auto messages = decode_chunk(chunk.value);
        if (!messages) {
            log_error("mqtt", "session '{}', chunk {}: {}", session.client_id, chunk.number,
                      messages.error().context);
            lost_.add();
            context_.gathering->change_lazily(removal(chunk_key(state.queue->id(), chunk.number)));
            continue;
        }
        state.chunk = chunk.number;
        state.chunk_sent = 0;
        state.chunk_is_new = chunk.is_new;
        state.messages = std::move(messages).value();
        state.unsettled.emplace(chunk.number, static_cast<std::uint32_t>(state.messages.size()));
    }
    return true;
}

// One message of a chunk is done; a chunk that is done goes.
void QueueReader::settle(PersistentState& state, std::uint64_t chunk, std::uint32_t bytes) {
    assert(state.queue->messages() != 0 && state.queue->bytes() >= bytes);
    state.queue->remove(1, bytes);
    const auto found = state.unsettled.find(chunk);
    if (found == state.unsettled.end() || --found->second != 0) return;
    state.unsettled.erase(found);
    context_.gathering->change_lazily(removal(chunk_key(state.queue->id(), chunk)));
}

} // namespace holdfast::broker
