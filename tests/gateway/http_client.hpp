#pragma once

#include <holdfast/gateway/http/server.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::test {

// A server on a free port with two threads of its own.
class RunningServer {
public:
    explicit RunningServer(const gateway::Router& router, gateway::HttpSettings settings = {},
                           std::size_t memory_bytes = 64U << 20U, gateway::HttpDoor door = {})
        : memory(memory_bytes), server_(ios_, router, memory, metrics, settings) {
        if (auto listens = server_.listen("127.0.0.1", 0, std::move(door)); !listens)
            throw std::runtime_error(listens.error().context);
        server_.start();
        for (boost::asio::io_context* io : ios_)
            threads_.emplace_back([io] {
                const auto guard = boost::asio::make_work_guard(*io);
                io->run();
            });
    }
    ~RunningServer() {
        stop();
        for (boost::asio::io_context* io : ios_) io->stop();
        for (std::thread& thread : threads_) thread.join();
    }
    RunningServer(const gateway::Router& router, gateway::HttpDoor door)
        : RunningServer(router, {}, 64U << 20U, std::move(door)) {}
    void stop() { server_.stop(std::chrono::milliseconds(200)); }
    [[nodiscard]] gateway::HttpServer& server() noexcept { return server_; }

    MemoryAccount memory;
    Metrics metrics;

private:
    boost::asio::io_context first_{1};
    boost::asio::io_context second_{1};
    std::vector<boost::asio::io_context*> ios_{&first_, &second_};
    gateway::HttpServer server_;
    std::vector<std::thread> threads_;
};

struct Answer {
    unsigned status = 0; // 0: the connection ended without one
    std::string head;
    std::string body;
    [[nodiscard]] bool has(std::string_view text) const {
        return head.find(text) != std::string::npos;
    }
};

// Raw bytes out, answers in: nothing between the test and the wire.
class Client {
public:
    explicit Client(std::uint16_t port) : socket_(io_) {
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    }
    virtual ~Client() = default;
    virtual void write(std::string_view text) {
        boost::system::error_code ignored; // the server may have hung up: read() tells
        boost::asio::write(socket_, boost::asio::buffer(text.data(), text.size()), ignored);
    }
    // `has_body` false for the answer to a HEAD.
    Answer read(bool has_body = true) {
        Answer answer;
        if (!fill_until("\r\n\r\n")) return answer;
        const auto end = input_.find("\r\n\r\n") + 4;
        answer.head = input_.substr(0, end);
        input_.erase(0, end);
        answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
        const auto at = answer.head.find("Content-Length: ");
        if (at == std::string::npos || !has_body) return answer;
        const std::size_t length = std::stoul(answer.head.substr(at + 16));
        while (input_.size() < length && receive()) {}
        answer.body = input_.substr(0, length);
        input_.erase(0, length);
        return answer;
    }
    // One piece of a chunked body whose head was read; empty at its end. Nothing where the
    // connection ended before.
    std::optional<std::string> read_chunk() {
        if (!fill_until("\r\n")) return std::nullopt;
        const auto end = input_.find("\r\n") + 2;
        const std::size_t size = std::stoul(input_.substr(0, end), nullptr, 16);
        while (input_.size() < end + size + 2)
            if (!receive()) return std::nullopt;
        const std::string chunk = input_.substr(end, size);
        input_.erase(0, end + size + 2);
        return chunk;
    }
    // Exactly so many bytes behind what was read; fewer where the connection ended.
    std::string read_bytes(std::size_t count) {
        while (input_.size() < count && receive()) {}
        const std::string bytes = input_.substr(0, count);
        input_.erase(0, bytes.size());
        return bytes;
    }
    Answer get(std::string_view target) { return send("GET", target, ""); }
    Answer send(std::string_view method, std::string_view target, std::string_view body,
                std::string_view headers = "") {
        std::string text = std::string(method) + " " + std::string(target) +
                           " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers);
        if (!body.empty() || method == "POST")
            text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        write(text + "\r\n" + std::string(body));
        return read();
    }
    [[nodiscard]] bool is_closed() { return input_.empty() && !receive(); }
    void shut_down() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
    [[nodiscard]] int fd() { return socket_.native_handle(); }

protected:
    // 0 at the end.
    virtual std::size_t read_some(std::string& piece) {
        boost::system::error_code error;
        return socket_.read_some(boost::asio::buffer(piece), error);
    }

private:
    bool receive() {
        std::string piece(65'536, '\0');
        const auto count = read_some(piece);
        input_.append(piece, 0, count);
        return count != 0;
    }
    bool fill_until(std::string_view end) {
        while (input_.find(end) == std::string::npos)
            if (!receive()) return false;
        return true;
    }

    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_;
    std::string input_;
};

} // namespace holdfast::test
