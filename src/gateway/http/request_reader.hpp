#pragma once

#include <gateway/http/origin.hpp>
#include <gateway/http/stream.hpp>
#include <gateway/http/taken_bytes.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/http/server.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace holdfast::gateway {

// Reads the requests of one connection, one after the other, in steps: between head and body it is
// settled whether the request is served. Stream and settings outlive it.
class RequestReader {
public:
    RequestReader(HttpStream& stream, const HttpSettings& settings);
    ~RequestReader();

    // Whether something of the next request was read already.
    [[nodiscard]] bool has_unread() const noexcept;
    // Whether what was read is how TLS begins, on a connection in clear.
    [[nodiscard]] bool has_tls() const noexcept;
    // Waits for something of the next request; false when the client went, or said nothing for too
    // long.
    [[nodiscard]] boost::asio::awaitable<bool> wait();

    // Each step gives nothing where all is well, or the answer; of status 0 where there is nobody
    // to answer. The time limit of one request runs from here to end().
    using Refusal = std::optional<HttpResponse>;
    [[nodiscard]] boost::asio::awaitable<Refusal> read_head(HostRules rules, HttpRequest& request);
    // Says first that it may come, where the client waits for that.
    [[nodiscard]] boost::asio::awaitable<Refusal> read_body(HttpRequest& request,
                                                            TakenBytes& taken);
    // A small body of a request that was refused: of no use, but its connection is. True where it
    // can go on.
    [[nodiscard]] boost::asio::awaitable<bool> pass_over_body(HttpRequest& request,
                                                              TakenBytes& taken);
    void end();

    // Of the request whose head was read last.
    [[nodiscard]] bool is_head() const;
    [[nodiscard]] bool is_http_1_0() const;
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] bool has_body() const; // that was not read yet

    // What was read beyond the request; the reader is of no more use.
    [[nodiscard]] Bytes take_unread();

private:
    [[nodiscard]] boost::asio::awaitable<Refusal> answer_expectation(const HttpRequest& request);
    [[nodiscard]] boost::asio::awaitable<Refusal> read_pieces(HttpRequest& request,
                                                              TakenBytes& taken);

    struct Parsing; // Beast's
    HttpStream& stream_;
    const HttpSettings& settings_;
    const std::unique_ptr<Parsing> parsing_;
};

} // namespace holdfast::gateway
