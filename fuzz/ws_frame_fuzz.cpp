// Invariant: however the bytes of a client are cut, its frames say the same, and no more bytes are
// taken or given than there are. First byte of the input: how it is cut.
#include "gateway/ws/frame.hpp"

#include <cstdlib>
#include <string>

using namespace holdfast;
namespace ws = holdfast::gateway::ws;

namespace {

std::string hear(Bytes input, std::size_t piece) {
    std::string heard;
    ws::FrameReader reader;
    std::span<std::byte> rest = input;
    while (!rest.empty()) {
        auto now = rest.first(std::min(piece, rest.size()));
        rest = rest.subspan(now.size());
        while (!now.empty()) {
            std::size_t used = 0;
            const ws::Event event = reader.read(now, used);
            if (used > now.size()) std::abort();
            if (const auto* data = std::get_if<ws::Data>(&event)) {
                if (data->bytes.empty() || data->bytes.size() > used) std::abort();
                heard += as_text(data->bytes);
            } else if (const auto* ping = std::get_if<ws::Ping>(&event)) {
                if (ping->payload.size() > 125) std::abort();
                heard.append("<ping ").append(as_text(ping->payload)).append(">");
            } else if (const auto* close = std::get_if<ws::Close>(&event)) {
                return heard + "<close " + std::to_string(close->code) + ">";
            } else if (const auto* violation = std::get_if<ws::Violation>(&event)) {
                if (violation->why.empty()) std::abort();
                return heard + "<" + std::string(violation->why) + ">";
            } else if (used != now.size()) {
                std::abort();
            }
            now = now.subspan(used);
        }
    }
    return heard;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Bytes input(reinterpret_cast<const std::byte*>(data) + 1,
                      reinterpret_cast<const std::byte*>(data) + size);
    const std::string whole = hear(input, input.size());
    if (hear(input, 1) != whole) std::abort();
    if (hear(input, data[0] % 16U + 1U) != whole) std::abort();
    return 0;
}
