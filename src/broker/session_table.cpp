#include "broker/session_table.hpp"

#include "broker/session_memory.hpp"

#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <cassert>
#include <utility>

namespace holdfast::broker {

Session& SessionTable::add() {
    if (free_slots_.empty()) {
        const auto slot = static_cast<std::uint32_t>(sessions_.size());
        sessions_.emplace_back().ref = {shard_, slot, 1};
        return sessions_.back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    assert(sessions_[slot].state == SessionState::free);
    return sessions_[slot];
}

void SessionTable::name(Session& session, std::string client_id) {
    // The table's key borrows this very string: it must not change under it.
    assert(session.client_id.empty());
    session.client_id = std::move(client_id);
    session.client_hash = record::key_hash(as_bytes(session.client_id));
    session.client_header.clear();
    record::encode_header(session.client_header, record::kHeaderMqttClient,
                          as_bytes(session.client_id));
    [[maybe_unused]] const auto [at, is_new] =
        slot_of_client_.emplace(session.client_id, session.ref.slot);
    assert(is_new); // else two sessions would claim one client's messages
}

void SessionTable::free(Session& session) {
    const SessionRef ref = session.ref;
    assert(session.state != SessionState::free); // its slot would be given out twice
    if (!session.client_id.empty()) {
        [[maybe_unused]] const std::size_t erased = slot_of_client_.erase(session.client_id);
        assert(erased == 1);
    }
    let_go(memory_, session, session.kept_bytes);
    session = Session{};
    // Whatever still speaks of the session by its old generation finds nobody.
    session.ref = {ref.shard, ref.slot, ref.generation + 1};
    free_slots_.push_back(ref.slot);
}

Session* SessionTable::find(SessionRef ref) noexcept {
    if (ref.slot >= sessions_.size()) return nullptr;
    Session& session = sessions_[ref.slot];
    const bool is_here = session.ref == ref && session.state != SessionState::free &&
                         session.state != SessionState::closing;
    return is_here ? &session : nullptr;
}

Session* SessionTable::of_client(std::string_view client_id) noexcept {
    const auto found = slot_of_client_.find(client_id);
    return found == slot_of_client_.end() ? nullptr : &sessions_[found->second];
}

} // namespace holdfast::broker
