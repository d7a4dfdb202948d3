#include "gateway/ws/frame.hpp"

#include "gateway/base64.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cassert>

namespace holdfast::gateway::ws {
namespace {

constexpr unsigned kFin = 0x80;
constexpr unsigned kReserved = 0x70;
constexpr unsigned kOpcode = 0x0F;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLength = 0x7F;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;
constexpr std::size_t kMaskBytes = 4;

bool is_control(unsigned opcode) noexcept {
    return (opcode & 0x8U) != 0;
}

bool is_known(unsigned opcode) noexcept {
    return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

// Codes that may stand in a frame (section 7.4): not those reserved for what happens without one.
bool may_be_sent(std::uint16_t code) noexcept {
    if (code < 1000 || code > 4999) return false;
    if (code >= 3000) return true;
    return code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

Violation broken(std::string_view why) {
    return {CloseCode::protocol_error, why};
}

} // namespace

// Bytes of the header, as far as those that are here say; at least two.
std::size_t FrameReader::header_bytes() const noexcept {
    if (header_size_ < 2) return 2;
    const unsigned second = std::to_integer<unsigned>(header_[1]);
    const std::size_t length = (second & kLength) == kLength16   ? 2U
                               : (second & kLength) == kLength64 ? 8U
                                                                 : 0U;
    return 2 + length + ((second & kMasked) != 0 ? kMaskBytes : 0);
}

// What is wrong with the first two bytes; empty: nothing. They are checked before the rest is
// waited for: a client that speaks something else gets its answer at once.
std::string_view FrameReader::check_header() const noexcept {
    const unsigned first = std::to_integer<unsigned>(header_[0]);
    const unsigned second = std::to_integer<unsigned>(header_[1]);
    const unsigned opcode = first & kOpcode;
    if ((first & kReserved) != 0) return "a reserved bit is set"; // section 5.2
    if (!is_known(opcode)) return "a reserved opcode";
    if ((second & kMasked) == 0) return "a frame without a mask"; // section 5.1
    if (is_control(opcode)) {                                     // section 5.5
        if ((first & kFin) == 0) return "a control frame in fragments";
        if ((second & kLength) > kControlBytesMax) return "a control frame of over 125 bytes";
        if (static_cast<Opcode>(opcode) == Opcode::close && (second & kLength) == 1)
            return "a close frame of one byte";
        return {};
    }
    const bool continues = static_cast<Opcode>(opcode) == Opcode::continuation;
    if (continues && !is_in_message_) return "a continuation of nothing"; // section 5.4
    if (!continues && is_in_message_) return "a message within a message";
    return {};
}

// The header is whole: takes its length and mask.
Event FrameReader::begin_frame() {
    const unsigned first = std::to_integer<unsigned>(header_[0]);
    const unsigned length = std::to_integer<unsigned>(header_[1]) & kLength;
    opcode_ = static_cast<Opcode>(first & kOpcode);
    if (opcode_ == Opcode::text)
        return Violation{CloseCode::unsupported_data, "text where MQTT has binary messages"};
    left_ = length;
    if (length == kLength16) left_ = load_u16_be(&header_[2]);
    if (length == kLength64) left_ = load_u64_be(&header_[2]);
    const bool is_short_enough =
        (length == kLength16 && left_ < kLength16) || (length == kLength64 && left_ <= 0xFFFF);
    if (is_short_enough) return broken("a length longer than needed"); // section 5.2
    if (left_ > INT64_MAX) return broken("a length of over 63 bits");
    std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(header_size_ - kMaskBytes),
                kMaskBytes, mask_.begin());
    if (!is_control(first & kOpcode)) is_in_message_ = (first & kFin) == 0;
    is_in_frame_ = true;
    control_size_ = 0;
    header_size_ = 0;
    return Nothing{};
}

void FrameReader::unmask(std::span<std::byte> bytes) noexcept {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= mask_[i % kMaskBytes];
    std::ranges::rotate(mask_, mask_.begin() + static_cast<std::ptrdiff_t>(bytes.size() % 4));
}

Event FrameReader::end_control() {
    is_in_frame_ = false;
    const ByteView payload(control_.data(), control_size_);
    if (opcode_ == Opcode::ping) return Ping{payload};
    if (opcode_ == Opcode::pong) return Nothing{}; // answers nothing that we asked
    assert(opcode_ == Opcode::close);
    if (payload.empty()) return Close{};
    const std::uint16_t code = load_u16_be(payload.data());
    if (!may_be_sent(code)) return broken("a close code that must not be sent");
    if (!is_utf8(as_text(payload.subspan(2)))) return broken("a reason that is not UTF-8");
    return Close{code};
}

Event FrameReader::read(std::span<std::byte> input, std::size_t& used) {
    used = 0;
    for (;;) {
        if (!is_in_frame_) {
            if (used == input.size()) return Nothing{};
            header_[header_size_++] = input[used++];
            if (header_size_ == 2)
                if (const auto why = check_header(); !why.empty()) return broken(why);
            if (header_size_ < header_bytes()) continue;
            if (Event event = begin_frame(); !std::holds_alternative<Nothing>(event)) return event;
        }
        const auto rest = input.subspan(used);
        const auto piece =
            rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size())));
        unmask(piece);
        used += piece.size();
        left_ -= piece.size();
        if (!is_control(static_cast<unsigned>(opcode_))) {
            is_in_frame_ = left_ != 0;
            if (!piece.empty()) return Data{piece};
        } else {
            assert(control_size_ + piece.size() <= kControlBytesMax);
            std::ranges::copy(piece, control_.begin() + static_cast<std::ptrdiff_t>(control_size_));
            control_size_ += piece.size();
            if (left_ == 0)
                if (Event event = end_control(); !std::holds_alternative<Nothing>(event))
                    return event;
        }
        if (is_in_frame_ && used == input.size()) return Nothing{};
    }
}

FrameHeader frame_header(Opcode opcode, std::uint64_t payload_bytes) noexcept {
    FrameHeader header;
    header.bytes[0] = static_cast<std::byte>(kFin | static_cast<unsigned>(opcode));
    if (payload_bytes < kLength16) {
        header.bytes[1] = static_cast<std::byte>(payload_bytes);
        header.size = 2;
    } else if (payload_bytes <= 0xFFFF) {
        header.bytes[1] = static_cast<std::byte>(kLength16);
        store_u16_be(&header.bytes[2], static_cast<std::uint16_t>(payload_bytes));
        header.size = 4;
    } else {
        header.bytes[1] = static_cast<std::byte>(kLength64);
        store_u64_be(&header.bytes[2], payload_bytes);
        header.size = 10;
    }
    return header;
}

Bytes close_frame(CloseCode code, std::string_view why) {
    constexpr std::size_t kReasonBytesMax = 123;
    why = why.substr(0, kReasonBytesMax);
    const FrameHeader header = frame_header(Opcode::close, 2 + why.size());
    Bytes frame(header.view().begin(), header.view().end());
    ByteWriter writer(frame);
    writer.u16_be(static_cast<std::uint16_t>(code));
    frame.insert(frame.end(), as_bytes(why).begin(), as_bytes(why).end());
    return frame;
}

Bytes pong_frame(ByteView payload) {
    const FrameHeader header = frame_header(Opcode::pong, payload.size());
    Bytes frame(header.view().begin(), header.view().end());
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

std::string accept_key(std::string_view key) {
    const auto nonce = from_base64(key);
    if (!nonce || nonce.value().size() != 16) return {};
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return base64(std::as_bytes(std::span(digest)));
}

} // namespace holdfast::gateway::ws
