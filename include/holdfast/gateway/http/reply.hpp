#pragma once

#include <holdfast/gateway/http/message.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

namespace holdfast::gateway {

// Open while the server runs. What is posted through a closed gate is dropped, so that a late reply
// cannot reach an io_context that is gone. Thread-safe.
class Gate {
public:
    void post(const boost::asio::any_io_executor& executor, std::function<void()> task);
    void close();

private:
    std::mutex mutex_;
    bool is_open_ = true; // guarded by mutex_
};

// The one answer to one request. Copies share it: the first send() counts, later ones do nothing.
// When the last copy goes without an answer, the client gets 500. Any thread.
class Reply {
public:
    using Sink = std::function<void(HttpResponse)>;

    // `sink` is called once, on `executor`, unless the gate closes before. `gone` is stopped when
    // the client hangs up meanwhile.
    Reply(boost::asio::any_io_executor executor, std::shared_ptr<Gate> gate, Sink sink,
          std::stop_token gone = {});

    void send(HttpResponse response) const;
    // `observer` sees the answer before it is sent, on the thread that sends it, whether or not the
    // client still waits. It must not block. Before a handler has the reply.
    using Observer = std::function<void(const HttpResponse&)>;
    void observe(Observer observer) const;
    // Runs `task` on the session's thread, if the server still runs then.
    void post(std::function<void()> task) const;
    // Stopped when the client has hung up: what takes long need not be finished.
    [[nodiscard]] const std::stop_token& gone() const noexcept;
    // For timers that the handler waits on; its io_context outlives every handler.
    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace holdfast::gateway
