#include "broker/session_memory.hpp"

#include <cassert>

namespace holdfast::broker {
namespace {

constexpr std::size_t kFreeBytes = 1024;

std::size_t paid(std::size_t kept_bytes) noexcept {
    return kept_bytes > kFreeBytes ? kept_bytes - kFreeBytes : 0;
}

} // namespace

std::size_t memory_of(const Will& will) noexcept {
    const OutMessage& message = will.message;
    std::size_t bytes = sizeof(Will) + message.topic.capacity() + message.client_id.capacity() +
                        message.payload.capacity() + message.content_type.capacity() +
                        message.response_topic.capacity();
    if (message.correlation) bytes += message.correlation->capacity();
    for (const auto& [name, value] : message.user_properties)
        bytes += sizeof(message.user_properties[0]) + name.capacity() + value.capacity();
    return bytes;
}

bool try_keep(MemoryAccount& account, Session& session, std::size_t bytes) noexcept {
    if (!account.try_take(paid(session.kept_bytes + bytes) - paid(session.kept_bytes)))
        return false;
    session.kept_bytes += bytes;
    return true;
}

void keep(MemoryAccount& account, Session& session, std::size_t bytes) noexcept {
    account.take(paid(session.kept_bytes + bytes) - paid(session.kept_bytes));
    session.kept_bytes += bytes;
}

void let_go(MemoryAccount& account, Session& session, std::size_t bytes) noexcept {
    assert(session.kept_bytes >= bytes);
    account.give_back(paid(session.kept_bytes) - paid(session.kept_bytes - bytes));
    session.kept_bytes -= bytes;
}

} // namespace holdfast::broker
