#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace holdfast::access {

// What somebody wants to do.
enum class Action : std::uint8_t {
    connect,    // with a client id
    publish,    // to a topic, by whatever protocol; retained messages and wills, too; to a topic
                // filter: to every topic that it can match
    subscribe,  // to a topic filter, and to get a message of a topic
    read,       // records of a stream, or what an area shows
    write,      // records into a stream
    manage,     // make, change and remove what is in an area, or a stream
    administer, // users, rights, certificates, backups: what could give rights
};
inline constexpr std::uint8_t kActionCount = 7;
[[nodiscard]] std::span<const Action> actions() noexcept;
[[nodiscard]] std::string_view to_string(Action action) noexcept;
[[nodiscard]] std::optional<Action> parse_action(std::string_view text) noexcept;

enum class ResourceKind : std::uint8_t { client_id, topic, topic_filter, stream, area };
[[nodiscard]] std::string_view to_string(ResourceKind kind) noexcept;

// What it is to be done to. Borrows the name.
struct Resource {
    ResourceKind kind{};
    std::string_view name;

    [[nodiscard]] static Resource client_id(std::string_view id) noexcept {
        return {ResourceKind::client_id, id};
    }
    [[nodiscard]] static Resource topic(std::string_view name) noexcept {
        return {ResourceKind::topic, name};
    }
    // Without `$share/{group}/`: whoever takes subscriptions has taken it off.
    [[nodiscard]] static Resource topic_filter(std::string_view filter) noexcept {
        return {ResourceKind::topic_filter, filter};
    }
    [[nodiscard]] static Resource stream(std::string_view name) noexcept {
        return {ResourceKind::stream, name};
    }
    [[nodiscard]] static Resource area(std::string_view name) noexcept {
        return {ResourceKind::area, name};
    }
};

// Whether `action` can be done to such a resource at all.
[[nodiscard]] bool fits(Action action, ResourceKind kind) noexcept;

// The areas of management: what is neither a topic nor a stream. False for any other text.
[[nodiscard]] bool is_area(std::string_view name) noexcept;
[[nodiscard]] std::span<const std::string_view> areas() noexcept; // by name

} // namespace holdfast::access
