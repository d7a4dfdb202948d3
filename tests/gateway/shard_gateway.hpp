#pragma once

#include "gateway/channel_client.hpp"
#include "gateway/mqtt/channel.hpp"
#include "gateway/packets.hpp"

#include <holdfast/gateway/mqtt/shard_thread.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/mqtt/frame.hpp>
#include <support/keyspaces.hpp>
#include <support/temp_dir.hpp>

#include <catch2/catch.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::test {

// One thread or two, each with its shard, over a log in a temporary directory.
struct ShardGateway {
    explicit ShardGateway(std::size_t threads_count = 1, broker::BrokerSettings settings = {},
                          broker::Gate* gate = nullptr, gateway::InputLimits limits = {})
        : broker(settings, events_only(), *log, clock, memory, metrics) {
        std::signal(SIGPIPE, SIG_IGN); // as the server does
        log::StreamSettings stream;
        stream.name = "events";
        REQUIRE(log->create_stream(stream));
        if (gate != nullptr) broker.set_gate(*gate);
        for (std::size_t i = 0; i < threads_count; ++i) {
            threads.push_back(std::make_unique<gateway::ShardThread>(static_cast<std::uint16_t>(i),
                                                                     broker, metrics, limits));
            broker.add_port(*threads.back());
        }
        for (const auto& one : threads) one->start();
    }
    ~ShardGateway() {
        for (const auto& one : threads) one->stop(std::chrono::seconds(5));
    }
    ShardGateway(const ShardGateway&) = delete;
    ShardGateway& operator=(const ShardGateway&) = delete;

    [[nodiscard]] gateway::ShardThread& thread() { return *threads.front(); }
    // What `act` does comes to the first shard's thread as one.
    template <class Act>
    void at_once(Act act) {
        std::promise<void> is_held;
        std::promise<void> goes_on;
        thread().post([&is_held, end = goes_on.get_future().share()](broker::Shard&) {
            is_held.set_value();
            end.wait();
        });
        is_held.get_future().wait();
        act();
        goes_on.set_value();
    }
    [[nodiscard]] std::uint64_t count_of(const char* counter) {
        return metrics.counter(counter, "").value();
    }

    TempDir dir;
    SystemClock clock;
    Metrics metrics;
    MemoryAccount memory{256U << 20U};
    std::unique_ptr<log::Log> log = open();
    broker::Broker broker;
    std::vector<std::unique_ptr<gateway::ShardThread>> threads;

private:
    static broker::Bridge events_only() {
        const std::vector<broker::RouteSettings> routes{{"#", "events", ""}};
        return broker::Bridge::make(routes).value();
    }
    std::unique_ptr<log::Log> open() {
        auto opened = log::Log::open(
            {.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()}, clock, metrics);
        REQUIRE(opened);
        return std::move(opened).value();
    }
};

inline constexpr std::chrono::seconds kPatience{20};

template <class Condition>
[[nodiscard]] bool comes_true(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        ::poll(nullptr, 0, 1);
    }
    return true;
}

// A client of one form, connected to a thread by a socket pair.
class ShardPeer {
public:
    // `send_buffer_bytes` of the server's end: how much it gets rid of unread.
    ShardPeer(gateway::ShardThread& thread, ChannelForm form, const TlsSite& site,
              int send_buffer_bytes = 0)
        : ends_(make_pair(send_buffer_bytes)), client(form, ends_[0]) {
        if (form.is_tls && !form.is_websocket) {
            thread.adopt(ends_[1], {"a socket pair"}, site.context());
            REQUIRE(comes_true([&] { return client.shake(); }));
            return;
        }
        std::optional<gateway::TlsSession> tls;
        if (form.is_tls) { // the HTTP listener's work
            tls.emplace(site.context(), ends_[1]);
            while (!client.shake() || !tls->is_established()) (void)tls->handshake();
        }
        if (form.is_websocket)
            thread.adopt(gateway::Channel(ends_[1], gateway::Layers(std::move(tls), Bytes())),
                         {"a socket pair"});
        else
            thread.adopt(ends_[1], {"a socket pair"});
    }

    // The types of the next packets until `last`, or none more where the connection ends first.
    std::vector<mqtt::PacketType> read_until(mqtt::PacketType last) {
        std::vector<mqtt::PacketType> types;
        for (;;) {
            const mqtt::Frame frame = mqtt::next_frame(unread_, UINT32_MAX);
            if (frame.status == mqtt::FrameStatus::whole) {
                types.push_back(static_cast<mqtt::PacketType>(frame.first_byte >> 4U));
                last_body_.assign(frame.body.begin(), frame.body.end());
                unread_.erase(unread_.begin(),
                              unread_.begin() + static_cast<std::ptrdiff_t>(frame.size_bytes));
                if (types.back() == last) return types;
            } else if (!receive()) {
                return types;
            }
        }
    }
    [[nodiscard]] const Bytes& last_body() const { return last_body_; }

private:
    static std::array<int, 2> make_pair(int send_buffer_bytes) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        if (send_buffer_bytes != 0)
            ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
        return ends;
    }
    // False at the end.
    bool receive() {
        Bytes some = client.hear();
        if (some.empty() && !client.has_ended()) {
            pollfd waiting{client.fd(), POLLIN, 0};
            REQUIRE(::poll(&waiting, 1, 20'000) == 1);
            some = client.hear();
        }
        unread_.insert(unread_.end(), some.begin(), some.end());
        return !some.empty() || !client.has_ended();
    }

    std::array<int, 2> ends_;

public:
    ChannelClient client;

private:
    Bytes unread_;
    Bytes last_body_;
};

} // namespace holdfast::test
