#pragma once

#include <functional>
#include <optional>
#include <string>

namespace holdfast::gateway {

// A body that goes on after its head was sent. The session asks for a piece when the one before is
// sent, so that a slow client holds no more than one. All calls come on the session's thread.
class BodyStream {
public:
    // Called once for each pull(), on the session's thread, never inside pull(). Nothing is the
    // end.
    using Deliver = std::function<void(std::optional<std::string>)>;

    virtual ~BodyStream() = default;
    virtual void pull(Deliver deliver) = 0;
    // The client has gone, or the server stops. What waits is delivered soon, as the end; after the
    // last delivery nobody pulls.
    virtual void close() = 0;
    // False for one that goes on until somebody hangs up: HTTP/1.0 cannot tell its end from a
    // broken connection.
    [[nodiscard]] virtual bool has_end() const { return true; }
    // After the end: whether it came too soon. Then the client must see a broken body, not a short
    // one.
    [[nodiscard]] virtual bool is_broken() const { return false; }
};

} // namespace holdfast::gateway
