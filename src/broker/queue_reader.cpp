#include "broker/queue_reader.hpp"

#include "broker/session_codec.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>

#include <cassert>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kFreshChunksMax = 64; // known in memory, of one session
constexpr std::size_t kFreshBytesMax = 64U << 10U;

std::size_t fresh_bytes(const PersistentState& state) {
    std::size_t sum = 0;
    for (const auto& [number, value] : state.fresh) sum += value.size();
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
        state.fresh.emplace_back(number, std::move(value));
        state.next_chunk = number + 1;
    } else {
        state.has_more = true; // and is read when its turn comes
    }
    return true;
}

bool QueueReader::has_next(Session& session) {
    const PersistentState& state = *session.persistent;
    return state.at < state.messages.size() || begin_chunk(session);
}

// False where no chunk is there, or none can be read.
bool QueueReader::begin_chunk(Session& session) {
    PersistentState& state = *session.persistent;
    state.messages.clear();
    state.at = 0;
    while (state.messages.empty()) {
        if (state.fresh.empty() && (!state.has_more || !read_chunks(session))) return false;
        if (state.fresh.empty()) return false;
        auto [number, value] = std::move(state.fresh.front());
        state.fresh.pop_front();
        if (state.unsettled.contains(number)) continue; // under way since before the restart
        auto messages = decode_chunk(value);
        if (!messages) {
            log_error("mqtt", "session '{}', chunk {}: {}", session.client_id, number,
                      messages.error().context);
            lost_.add();
            context_.gathering->change_lazily(removal(chunk_key(state.queue->id(), number)));
            continue;
        }
        state.chunk = number;
        state.chunk_sent = 0;
        state.messages = std::move(messages).value();
        state.unsettled.emplace(number, static_cast<std::uint32_t>(state.messages.size()));
    }
    return true;
}

// The next stretch of the stored queue. False where that failed.
bool QueueReader::read_chunks(Session& session) {
    PersistentState& state = *session.persistent;
    const std::uint64_t id = state.queue->id();
    std::size_t bytes = 0;
    bool is_through = true;
    const auto scanned = context_.broker.log().scan_state(
        kSessionsKeyspace, key_prefix(SessionKey::chunk, id), chunk_key(id, state.next_chunk - 1),
        [&](std::string_view key, std::string_view value) {
            if (state.fresh.size() >= kFreshChunksMax || bytes > kFreshBytesMax) {
                is_through = false;
                return false;
            }
            const auto number = chunk_number(key);
            if (!number) return true; // nothing that was ever written
            state.fresh.emplace_back(number.value(), value);
            state.next_chunk = number.value() + 1;
            bytes += value.size();
            return true;
        });
    if (!scanned) {
        log_error("mqtt", "the queue of session '{}' cannot be read: {}", session.client_id,
                  scanned.error().context);
        return false;
    }
    state.has_more = !is_through;
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
