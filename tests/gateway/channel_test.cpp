// Goal: whatever carries MQTT, what one side says is what the other hears, in order and whole, also
// over a socket that is full; and the end is told in the words of what carries it. Method: a
// channel of each form at one end of a socket pair, a client of the same form at the other, by
// turns.

#include "gateway/mqtt/channel.hpp"

#include "gateway/channel_client.hpp"

#include <catch2/catch.hpp>

#include <sys/uio.h>
#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

using namespace holdfast;
using gateway::Channel;
using gateway::Layers;
using gateway::TlsSession;
using test::ChannelClient;
using test::ChannelForm;
using test::client_frame;
using test::kChannelForms;

namespace {

const test::TlsSite& site() {
    static const test::TlsSite made;
    return made;
}

struct Pair {
    // `send_buffer_bytes` of the channel's end: how much it gets rid of unread.
    explicit Pair(ChannelForm form, int send_buffer_bytes = 0, ByteView unread = {}) {
        std::signal(SIGPIPE, SIG_IGN); // as the server does: OpenSSL writes without MSG_NOSIGNAL
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        if (send_buffer_bytes != 0)
            ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
        client.emplace(form, ends[1]);
        std::optional<TlsSession> tls;
        if (form.is_tls) {
            tls.emplace(site().context(), ends[0]);
            while (!client->shake() || !tls->is_established()) (void)tls->handshake();
        }
        if (form.is_websocket)
            channel = Channel(ends[0], Layers(std::move(tls), Bytes(unread.begin(), unread.end())));
        else if (tls)
            channel = Channel(ends[0], Layers(std::move(*tls)));
        else
            channel = Channel(ends[0]);
    }

    // What the channel receives until it has nothing more to give.
    std::string receive() {
        std::string heard;
        for (;;) {
            const Channel::Received received = channel.receive(buffer);
            heard += as_text(std::span(buffer).first(received.bytes));
            end = received.end;
            if (received.bytes == 0 && (!end.empty() || !channel.has_more())) return heard;
        }
    }
    // Sends, and keeps what was not taken, as a shard does.
    void send(const std::vector<std::string>& texts) {
        std::vector<iovec> pieces;
        std::size_t size = 0;
        for (const std::string& text : texts) {
            pieces.push_back({const_cast<char*>(text.data()), text.size()});
            size += text.size();
        }
        std::size_t taken = kept ? 0 : channel.send(pieces);
        if (taken == size) return;
        while (taken >= pieces.front().iov_len) {
            taken -= pieces.front().iov_len;
            pieces.erase(pieces.begin());
        }
        pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + taken;
        pieces.front().iov_len -= taken;
        channel.keep(pieces);
        kept = true;
    }
    std::string hear_all() {
        std::string heard;
        do {
            const Bytes some = client->hear();
            heard += as_text(some);
            (void)channel.flush();
        } while (channel.has_unsent());
        kept = false;
        const Bytes rest = client->hear();
        return heard + std::string(as_text(rest));
    }

    Channel channel;
    std::optional<ChannelClient> client;
    std::vector<std::byte> buffer = std::vector<std::byte>(256U << 10U);
    std::string end;
    bool kept = false;
};

std::string numbered(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ' ';
    return text;
}

ChannelForm any_form() {
    const auto index = GENERATE(range(std::size_t{0}, kChannelForms.size()));
    return kChannelForms.at(index);
}

ChannelForm any_websocket() {
    const auto index = GENERATE(as<std::size_t>(), 2, 3);
    return kChannelForms.at(index);
}

} // namespace

TEST_CASE("both sides of a channel hear what the other says", "[gateway][channel]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    Pair pair(form);
    CHECK(pair.receive().empty());
    CHECK(pair.end.empty());
    pair.client->say(as_bytes("half a pac"));
    CHECK(pair.receive() == "half a pac");
    pair.client->say(as_bytes("ket"));
    CHECK(pair.receive() == "ket");
    pair.send({"an answer ", "", "in pieces"});
    CHECK(pair.hear_all() == "an answer in pieces");
    CHECK_FALSE(pair.channel.has_unsent());
}

TEST_CASE("much at once comes in order, a bound at a time", "[gateway][channel]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    Pair pair(form);
    const std::string text = numbered(100'000);
    std::string heard;
    for (std::size_t at = 0; at < text.size(); at += 20'000) {
        pair.client->say(as_bytes(text.substr(at, 20'000)));
        if (at == 40'000) heard += pair.receive();
    }
    heard += pair.receive();
    CHECK((heard == text));
}

TEST_CASE("a full socket loses nothing, in whatever pieces it is written", "[gateway][channel]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    Pair pair(form, 4096);
    std::string said;
    std::string heard;
    bool was_full = false;
    for (std::size_t round = 0; round < 60; ++round) {
        const std::vector<std::string> texts{numbered(round * 97 + 1), "", numbered(round * 1'009),
                                             std::to_string(round)};
        for (const std::string& text : texts) said += text;
        pair.send(texts);
        was_full |= pair.channel.has_unsent();
        if (round % 7 == 0) {
            const Bytes some = pair.client->hear();
            heard += as_text(some);
        }
        if (round % 11 == 10) heard += pair.hear_all();
    }
    heard += pair.hear_all();
    CHECK(was_full);
    CHECK((heard == said)); // in brackets: too long to be shown
}

TEST_CASE("what a full socket leaves of a send may be left out", "[gateway][channel]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    Pair pair(form, 4096);
    const std::string text = numbered(500'000);
    std::string said;
    std::string heard;
    for (int round = 0; round < 3; ++round) {
        const iovec piece{const_cast<char*>(text.data()), text.size()};
        const std::size_t taken = pair.channel.send({&piece, 1});
        REQUIRE(taken < text.size());
        said += text.substr(0, taken) + "|"; // instead of the rest
        pair.kept = pair.channel.has_unsent();
        pair.send({"|"});
        heard += pair.hear_all();
    }
    CHECK((heard == said)); // in brackets: too long to be shown
}

TEST_CASE("a peer that hangs up is heard to the end", "[gateway][channel]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    Pair pair(form);
    (void)pair.client->hear(); // session tickets: closing with bytes unread is a reset
    pair.client->say(as_bytes("last words"));
    if (form.is_tls && GENERATE(true, false)) pair.client->end_tls();
    pair.client->hang_up();
    pair.send({"nobody hears this"});
    CHECK(pair.receive() == "last words");
    CHECK_FALSE(pair.end.empty());
    CHECK(pair.channel.is_peer_gone());
    const std::string end = pair.end;
    CHECK(pair.receive().empty()); // and goes on telling
    CHECK(pair.end == end);
}

TEST_CASE("a channel moves with what it has read and not given out", "[gateway][channel]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    Pair pair(form, 4096);
    pair.client->say(as_bytes("before "));
    pair.send({numbered(50'000)});
    Channel moved = std::move(pair.channel);
    CHECK_FALSE(pair.channel.is_open());
    pair.channel = std::move(moved);
    pair.client->say(as_bytes("after"));
    CHECK(pair.receive() == "before after");
    CHECK((pair.hear_all() == numbered(50'000)));
}

TEST_CASE("a WebSocket begins with what came behind its request", "[gateway][channel]") {
    const ChannelForm form = any_websocket();
    CAPTURE(form.name);
    Bytes early = client_frame(0x82, as_bytes("early"));
    const Bytes half = client_frame(0x82, as_bytes("late"));
    early.insert(early.end(), half.begin(), half.begin() + 3);
    Pair pair(form, 0, early);
    CHECK(pair.channel.has_more());
    CHECK(pair.receive() == "early");
    pair.client->say_raw(ByteView(half).subspan(3));
    CHECK(pair.receive() == "late");
}

TEST_CASE("a ping is answered between frames, of many the last", "[gateway][channel]") {
    const ChannelForm form = any_websocket();
    CAPTURE(form.name);
    Pair pair(form, 4096);
    pair.client->say_raw(client_frame(0x89, as_bytes("one")));
    CHECK(pair.receive().empty());
    CHECK(pair.hear_all().empty());
    CHECK(as_text(pair.client->last_pong()) == "one");
    const std::string text = numbered(100'000);
    pair.send({text}); // now the socket is full
    REQUIRE(pair.channel.has_unsent());
    const std::size_t held_bytes = pair.channel.held_bytes();
    for (int i = 0; i < 500; ++i) {
        pair.client->say_raw(client_frame(0x89, as_bytes(std::to_string(i))));
        CHECK(pair.receive().empty());
    }
    CHECK(pair.channel.held_bytes() == held_bytes);
    CHECK((pair.hear_all() == text)); // in brackets: too long to be shown
    CHECK(as_text(pair.client->last_pong()) == "499");
    CHECK(pair.client->pongs() == 2);
}

TEST_CASE("a WebSocket ends with a close frame and its code", "[gateway][channel]") {
    const ChannelForm form = any_websocket();
    CAPTURE(form.name);
    struct Row {
        const char* what;
        Bytes frame;
        const char* end;
        std::uint16_t code;
    };
    Bytes flood;
    for (int i = 0; i < 257; ++i) {
        const Bytes ping = client_frame(0x89, as_bytes("x"));
        flood.insert(flood.end(), ping.begin(), ping.end());
    }
    const std::vector<Row> rows{
        {"a flood of pings", std::move(flood), "WebSocket: a flood of pings", 1008},
        {"a close",
         client_frame(0x88, as_bytes("\x0F\xA0"
                                     "why")),
         "the peer closed the WebSocket", 4000},
        {"a close without a code", client_frame(0x88, {}), "the peer closed the WebSocket", 1000},
        {"no mask", {std::byte{0x82}, std::byte{0x00}}, "WebSocket: a frame without a mask", 1002},
        {"text", client_frame(0x81, as_bytes("x")),
         "WebSocket: text where MQTT has binary messages", 1003},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Pair pair(form);
        Bytes input = client_frame(0x82, as_bytes("before"));
        input.insert(input.end(), row.frame.begin(), row.frame.end());
        pair.client->say_raw(input);
        CHECK(pair.receive() == "before");
        CHECK(pair.end == row.end);
        CHECK_FALSE(pair.channel.is_peer_gone());
        pair.channel.say_goodbye();
        pair.channel.end_output();
        (void)pair.client->hear();
        CHECK(pair.client->close_code() == row.code);
        CHECK(pair.client->has_ended());
    }
}

TEST_CASE("a TLS peer is told that nothing follows", "[gateway][channel]") {
    const ChannelForm form = kChannelForms.at(GENERATE(as<std::size_t>(), 1, 3));
    CAPTURE(form.name);
    Pair pair(form);
    pair.send({"bye"});
    pair.channel.say_goodbye();
    pair.channel.end_output();
    CHECK(pair.hear_all() == "bye");
    CHECK(pair.client->has_ended());
    CHECK(pair.client->was_told_by_tls());
}

TEST_CASE("what is no TLS record ends the channel", "[gateway][channel]") {
    Pair pair(kChannelForms.at(1));
    REQUIRE(::send(pair.client->fd(), "GET / HTTP/1.1", 14, 0) == 14);
    CHECK(pair.receive().empty());
    CHECK(pair.end.starts_with("TLS: "));
}
