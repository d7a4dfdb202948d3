// Goal: RFC 6455 from the server's side: what a client may send is read however it is cut, what it
// must not send is refused with the right close code. Method: frames by hand, every split.

#include "gateway/ws/frame.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
namespace ws = holdfast::gateway::ws;

namespace {

constexpr std::array<std::byte, 4> kMask{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                         std::byte{0x3D}};

// A frame as a client sends it, with the length in as few bytes as it takes.
Bytes frame(unsigned first, std::string_view payload) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(static_cast<std::uint8_t>(first));
    if (payload.size() < 126) {
        writer.u8(static_cast<std::uint8_t>(0x80U | payload.size()));
    } else if (payload.size() <= 0xFFFF) {
        writer.u8(0x80U | 126U);
        writer.u16_be(static_cast<std::uint16_t>(payload.size()));
    } else {
        writer.u8(0x80U | 127U);
        writer.u64_be(payload.size());
    }
    out.insert(out.end(), kMask.begin(), kMask.end());
    for (std::size_t i = 0; i < payload.size(); ++i)
        out.push_back(static_cast<std::byte>(payload[i]) ^ kMask[i % 4]);
    return out;
}

void append(Bytes& out, const Bytes& more) {
    out.insert(out.end(), more.begin(), more.end());
}

// What a reader tells of `input`, given in pieces of `piece` bytes.
struct Heard {
    std::string data;
    std::vector<std::string> pings;
    int close = -1;
    int violation = -1;
    friend bool operator==(const Heard&, const Heard&) = default;
};

Heard hear(Bytes input, std::size_t piece) {
    Heard heard;
    ws::FrameReader reader;
    std::span<std::byte> rest = input;
    while (!rest.empty()) {
        auto now = rest.first(std::min(piece, rest.size()));
        rest = rest.subspan(now.size());
        while (!now.empty()) {
            std::size_t used = 0;
            const ws::Event event = reader.read(now, used);
            if (const auto* data = std::get_if<ws::Data>(&event))
                heard.data += as_text(data->bytes);
            else if (const auto* ping = std::get_if<ws::Ping>(&event))
                heard.pings.emplace_back(as_text(ping->payload));
            else if (const auto* close = std::get_if<ws::Close>(&event))
                return heard.close = close->code, heard;
            else if (const auto* violation = std::get_if<ws::Violation>(&event))
                return heard.violation = static_cast<int>(violation->code), heard;
            now = now.subspan(used);
        }
    }
    return heard;
}

} // namespace

TEST_CASE("messages, fragments and control frames between them are read at every cut", "[ws]") {
    Bytes input = frame(0x82, "one ");
    append(input, frame(0x82, ""));
    append(input, frame(0x02, "two, "));
    append(input, frame(0x89, "still there?")); // a ping within a message
    append(input, frame(0x00, "in "));
    append(input, frame(0x8A, "a pong nobody asked for"));
    append(input, frame(0x80, "pieces"));
    append(input, frame(0x89, ""));
    append(input, frame(0x82, std::string(200, 'x')));
    append(input, frame(0x88, std::string("\x03\xE8", 2) + "bye"));
    Heard expected;
    expected.data = "one two, in pieces" + std::string(200, 'x');
    expected.pings = {"still there?", ""};
    expected.close = 1000;
    for (std::size_t piece = 1; piece <= input.size(); ++piece) {
        CAPTURE(piece);
        REQUIRE(hear(input, piece) == expected);
    }
}

TEST_CASE("a long message is given on as it comes, never gathered", "[ws]") {
    const std::string payload(70'000, 'y');
    CHECK(hear(frame(0x82, payload), 4096).data == payload);
    ws::FrameReader reader;
    Bytes begun = frame(0x82, payload);
    begun.resize(20);
    std::size_t used = 0;
    const ws::Event event = reader.read(begun, used);
    REQUIRE(std::holds_alternative<ws::Data>(event));
    CHECK(std::get<ws::Data>(event).bytes.size() == 6);
}

TEST_CASE("what a client must not send is refused with its close code", "[ws]") {
    struct Row {
        const char* why;
        Bytes input;
        int code;
    };
    const auto raw = [](std::initializer_list<unsigned> bytes) {
        Bytes out;
        for (const unsigned b : bytes) out.push_back(static_cast<std::byte>(b));
        return out;
    };
    Bytes nested = frame(0x02, "a");
    append(nested, frame(0x82, "b"));
    const auto row = GENERATE_COPY(values<Row>({
        {"no mask (5.1)", raw({0x82, 0x01, 'x'}), 1002},
        {"a reserved bit (5.2)", frame(0xC2, "x"), 1002},
        {"a reserved opcode (5.2)", frame(0x83, "x"), 1002},
        {"a reserved control opcode", frame(0x8B, "x"), 1002},
        {"text (MQTT 6.0)", frame(0x81, "x"), 1003},
        {"a continuation of nothing (5.4)", frame(0x80, "x"), 1002},
        {"a message within a message (5.4)", nested, 1002},
        {"a ping in fragments (5.5)", frame(0x09, "x"), 1002},
        {"a ping of 126 bytes (5.5)", frame(0x89, std::string(126, 'x')), 1002},
        {"a close of one byte (5.5.1)", frame(0x88, "x"), 1002},
        {"a close code of no frame (7.4.1)", frame(0x88, "\x03\xED"), 1002},
        {"a close code out of range", frame(0x88, "\x13\x88"), 1002},
        {"a reason that is not UTF-8", frame(0x88, "\x03\xE8\xFF"), 1002},
        {"16 bits for a short length", raw({0x82, 0xFE, 0x00, 0x05, 0, 0, 0, 0}), 1002},
        {"64 bits for a short length", raw({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0x00, 0x05, 0, 0, 0, 0}),
         1002},
        {"a length of 2^63", raw({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 1002},
    }));
    CAPTURE(row.why);
    for (std::size_t piece = 1; piece <= row.input.size(); ++piece)
        CHECK(hear(row.input, piece).violation == row.code);
}

TEST_CASE("a client that speaks something else is refused by its second byte", "[ws]") {
    Bytes input{std::byte{'G'}, std::byte{'E'}};
    std::size_t used = 0;
    ws::FrameReader reader;
    CHECK(std::holds_alternative<ws::Violation>(reader.read(input, used)));
}

TEST_CASE("frames of the server have the length in as few bytes as it takes", "[ws]") {
    const auto header = [](std::uint64_t size) {
        std::string text;
        const ws::FrameHeader made = ws::frame_header(ws::Opcode::binary, size);
        for (const std::byte b : made.view()) text += static_cast<char>(b);
        return text;
    };
    CHECK(header(0) == std::string("\x82\x00", 2));
    CHECK(header(125) == "\x82\x7D");
    CHECK(header(126) == std::string("\x82\x7E\x00\x7E", 4));
    CHECK(header(65'535) == "\x82\x7E\xFF\xFF");
    CHECK(header(65'536) == std::string("\x82\x7F\0\0\0\0\0\x01\0\0", 10));
    CHECK(as_text(ws::close_frame(ws::CloseCode::going_away, "bye")) ==
          "\x88\x05\x03\xE9"
          "bye");
    CHECK(ws::close_frame(ws::CloseCode::normal, std::string(500, 'x')).size() == 2 + 125);
    CHECK(as_text(ws::pong_frame(as_bytes("hi"))) == "\x8A\x02hi");
}

TEST_CASE("the key of a handshake is answered as RFC 6455 section 1.3 shows", "[ws]") {
    CHECK(ws::accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(ws::accept_key("").empty());
    CHECK(ws::accept_key("dGhlIHNhbXBsZQ==").empty());
    CHECK(ws::accept_key("not base64 at all!").empty());
}
