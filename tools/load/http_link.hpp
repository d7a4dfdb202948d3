#pragma once

#include <load/dial.hpp>
#include <load/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace holdfast::load {

// One request of HTTP/1.1, ready to send.
[[nodiscard]] std::string make_post(std::string_view host, std::string_view target,
                                    std::string_view content_type, std::string_view body);

// One keep-alive connection with one request under way at a time.
class HttpLink final : public Link {
public:
    // Called for each response, with its status; may post the next request.
    using OnResponse = std::function<void(HttpLink& link, unsigned status, std::uint64_t now_ns)>;

    HttpLink(int socket, OnResponse on_response)
        : Link(socket), on_response_(std::move(on_response)) {}

    [[nodiscard]] bool idle() const noexcept { return !waiting_ && !closed(); }
    // Only when idle().
    void post(std::string_view request);

private:
    std::size_t on_bytes(ByteView bytes, std::uint64_t now_ns) override;

    OnResponse on_response_;
    bool waiting_ = false;
};

// Connects and makes the socket non-blocking. Errors: io.
[[nodiscard]] Result<int> dial_http(const Endpoint& endpoint);

} // namespace holdfast::load
