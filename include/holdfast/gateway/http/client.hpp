#pragma once

#include <holdfast/gateway/http/message.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::gateway {

struct ServerAddress {
    std::string url = "http://127.0.0.1:8080"; // `http://host:port` or https, without a path
    std::filesystem::path ca{};                // PEM; of https; empty: those of the system
    std::string token{};                       // an API token; empty: none is shown
};

// Requests to a server from its command line tools. Blocking, one connection, one thread. Over
// https the server's certificate must be of a known CA and name the host.
class HttpClient {
public:
    // Errors: malformed (url, ca), io (nobody listens; a certificate that is not good).
    [[nodiscard]] static Result<HttpClient> connect(const ServerAddress& server);
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;
    ~HttpClient();

    // Sends `request` (its path is the target, query included) and reads the whole answer. Errors:
    // io where the connection ends before; limit_exceeded for an answer past 64 MiB.
    [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request);

    // The same, but the body of a 200 goes to `take` as it comes, until that says false or the body
    // ends. Errors: as send(); io also where the connection ends before the body.
    [[nodiscard]] Result<HttpResponse> stream(
        const HttpRequest& request, const std::function<bool(std::string_view piece)>& take);

private:
    struct Connection;
    explicit HttpClient(std::unique_ptr<Connection> connection);

    std::unique_ptr<Connection> connection_;
};

} // namespace holdfast::gateway
