#include "broker/orphaned_state.hpp"

#include "broker/session_codec.hpp"

#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/log/state_write.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

constexpr std::size_t kRemovalsAtOnce = 1000;

// Removes the keys of that kind that belong to no session in `known`, a stretch at a time.
Result<void> remove_unknown(log::Log& log, SessionKey kind,
                            const std::unordered_set<std::uint64_t>& known) {
    const std::string prefix(1, static_cast<char>(kind));
    std::string after;
    for (bool has_more = true; has_more;) {
        std::vector<log::StateChange> removals;
        const std::string from = std::exchange(after, {});
        has_more = false;
        HF_TRY(log.scan_state(
            kSessionsKeyspace, prefix, from, [&](std::string_view key, std::string_view) {
                if (const auto id = session_id_of(key); id && known.contains(id.value()))
                    return true;
                removals.push_back(removal(std::string(key)));
                has_more = removals.size() == kRemovalsAtOnce;
                if (has_more) after = key;
                return !has_more;
            }));
        HF_TRY(log::StateWrite::write(log, std::move(removals)));
    }
    return ok();
}

} // namespace

Result<void> remove_orphaned_state(log::Log& log) {
    std::unordered_set<std::uint64_t> known;
    const auto note = [&known](std::string_view, std::string_view value) {
        // Also where the rest of the record is damaged: what is its own stays with it.
        if (const auto id = session_id_of(value)) known.insert(id.value());
        return true;
    };
    for (const std::string& prefix : {session_key(""), damaged_key("")}) {
        HF_TRY(log.scan_state(kSessionsKeyspace, prefix, note));
    }
    for (const SessionKey kind : {SessionKey::subscription, SessionKey::chunk,
                                  SessionKey::unreleased, SessionKey::outgoing, SessionKey::will}) {
        HF_TRY(remove_unknown(log, kind, known));
    }
    return ok();
}

} // namespace holdfast::broker
