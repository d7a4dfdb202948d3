// Goal: who has proven nothing yet holds little, for a short while, and what it comes to is told.
// Method: a ShardThread, OpenSSL's client or nobody at the other ends of socket pairs.

#include "gateway/shard_gateway.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <mutex>

namespace holdfast::test {
namespace {

using gateway::ClientCertificates;
using mqtt::PacketType;

constexpr ChannelForm kTls = kChannelForms.at(1);

const TlsSite& site() {
    static const TlsSite made;
    return made;
}

// Lets nobody in, and remembers who came.
class Refusing final : public broker::Gate {
public:
    void admit(broker::Credentials credentials, Done done) override {
        {
            const std::lock_guard lock(mutex_);
            seen_ = credentials.peer;
        }
        done(fail(Errc::denied, "nobody is let in"));
    }
    std::shared_ptr<const broker::Admission> renew(const access::Principal&) override {
        return nullptr;
    }
    std::uint64_t version() const noexcept override { return 1; }
    broker::Peer seen() {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

private:
    std::mutex mutex_;
    broker::Peer seen_; // guarded by mutex_
};

// A socket pair's end, the other of which the thread takes; not blocking.
struct Stranger {
    explicit Stranger(gateway::ShardThread& thread, ClientCertificates clients = {}) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        fd = ends[0];
        thread.adopt(ends[1], {"a stranger"}, site().context(clients));
    }
    ~Stranger() { ::close(fd); }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    // Whether the server has closed it; reads what it says.
    [[nodiscard]] bool is_closed() const {
        std::array<char, 4096> some{};
        const auto count = ::recv(fd, some.data(), some.size(), MSG_DONTWAIT);
        return count == 0 || (count < 0 && errno != EAGAIN);
    }
    int fd;
};

constexpr const char* kDone = "holdfast_tls_handshakes";
constexpr const char* kFailed = "holdfast_tls_handshakes_failed";

} // namespace

TEST_CASE("the name in a client's certificate is known before its CONNECT is read",
          "[gateway][handshakes]") {
    Refusing gate;
    ShardGateway gateway(1, {}, &gate);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    TlsClient tls;
    tls.use(site().client);
    tls.begin(ends[0]);
    gateway.thread().adopt(ends[1], {"a press"}, site().context(ClientCertificates::required));
    REQUIRE(comes_true([&] { return SSL_do_handshake(tls.session.get()) == 1; }));
    const Bytes connect = connect_packet("press");
    REQUIRE(SSL_write(tls.session.get(), connect.data(), static_cast<int>(connect.size())) > 0);
    CHECK(comes_true([&] { return gate.seen().common_name == "press-7"; }));
    CHECK(gate.seen().address == "a press");
    CHECK(gateway.count_of(kDone) == 1);
    ::close(ends[0]);
}

TEST_CASE("a handshake that fails is closed, counted and costs nothing more",
          "[gateway][handshakes]") {
    ShardGateway gateway;
    const std::size_t before = gateway.memory.used_bytes();
    const char* const how = GENERATE("says what is no TLS", "hangs up", "has no certificate");
    CAPTURE(how);
    {
        const bool needs_certificate = how == std::string_view("has no certificate");
        Stranger stranger(gateway.thread(), needs_certificate ? ClientCertificates::required
                                                              : ClientCertificates::off);
        if (needs_certificate) {
            TlsClient tls;
            tls.begin(stranger.fd);
            CHECK(comes_true([&] {
                (void)SSL_do_handshake(tls.session.get());
                ERR_clear_error();
                return gateway.count_of(kFailed) == 1;
            }));
        } else if (how == std::string_view("hangs up")) {
            ::shutdown(stranger.fd, SHUT_RDWR);
        } else {
            REQUIRE(::send(stranger.fd, "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
        }
        CHECK(comes_true([&] { return stranger.is_closed(); }));
    }
    CHECK(comes_true([&] { return gateway.count_of(kFailed) == 1; }));
    CHECK(comes_true([&] { return gateway.thread().connection_count() == 0; }));
    CHECK(gateway.memory.used_bytes() == before);
    CHECK(gateway.count_of(kDone) == 0);
}

TEST_CASE("half a handshake ends after the connect timeout", "[gateway][handshakes]") {
    broker::BrokerSettings settings;
    settings.connect_timeout_ms = 100;
    ShardGateway gateway(1, settings);
    const Stranger silent(gateway.thread());
    const Stranger slow(gateway.thread());
    REQUIRE(::send(slow.fd, "\x16\x03\x01\x02\x00", 5, 0) == 5); // a record's header
    CHECK(comes_true([&] { return silent.is_closed() && slow.is_closed(); }));
    CHECK(gateway.count_of(kFailed) == 2);
    // They are closed one by one, and counted off together afterwards.
    CHECK(comes_true([&] { return gateway.thread().connection_count() == 0; }));
}

TEST_CASE("hundreds of half handshakes hold bounded memory, and others are served",
          "[gateway][handshakes]") {
    ShardGateway gateway;
    const std::size_t limit = gateway.memory.limit_bytes();
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int i = 0; i < 400; ++i) strangers.push_back(std::make_unique<Stranger>(gateway.thread()));
    ShardPeer client(gateway.thread(), kTls, site());
    client.client.say(connect_packet("client"));
    CHECK(client.read_until(PacketType::connack).size() == 1);
    CHECK(gateway.memory.used_bytes() <= limit);
    CHECK(gateway.count_of(kFailed) == 0);
}

TEST_CASE("more than end in one turn end together, and give back what they held",
          "[gateway][handshakes]") {
    broker::BrokerSettings settings;
    settings.connect_timeout_ms = 100;
    ShardGateway gateway(1, settings);
    const std::size_t before = gateway.memory.used_bytes();
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int i = 0; i < 100; ++i) strangers.push_back(std::make_unique<Stranger>(gateway.thread()));
    CHECK(comes_true([&] {
        return std::ranges::all_of(strangers, [](const auto& each) { return each->is_closed(); });
    }));
    CHECK(comes_true([&] { return gateway.thread().connection_count() == 0; }));
    CHECK(gateway.count_of(kFailed) == 100);
    CHECK(gateway.memory.used_bytes() == before);
}

TEST_CASE("where memory is short a handshake is refused", "[gateway][handshakes]") {
    ShardGateway gateway;
    gateway.memory.take(gateway.memory.free_bytes() - 1000);
    const Stranger stranger(gateway.thread());
    CHECK(comes_true([&] { return stranger.is_closed(); }));
    CHECK(gateway.count_of(kFailed) == 1);
}

} // namespace holdfast::test
