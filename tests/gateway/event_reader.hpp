#pragma once

#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::test {

struct Event {
    std::string name, id, data;
};

// Reads events as a browser's EventSource does.
class EventReader {
public:
    EventReader(std::uint16_t port, std::string_view target, std::string_view headers = "")
        : client_(port) {
        client_.write("GET " + std::string(target) +
                      " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
                      std::string(headers) + "\r\n");
        head = client_.read();
    }
    // Nothing at the end of the body.
    std::optional<Event> next() {
        for (;;) {
            const auto end = text_.find("\n\n");
            if (end == std::string::npos) {
                const auto chunk = client_.read_chunk();
                REQUIRE(chunk);
                if (chunk->empty()) return std::nullopt;
                text_ += *chunk;
                continue;
            }
            Event event;
            for (std::size_t at = 0; at < end;) {
                const auto line = text_.substr(at, text_.find('\n', at) - at);
                at += line.size() + 1;
                const auto value = line.substr(std::min(line.find(": ") + 2, line.size()));
                if (line.starts_with("event: ")) event.name = value;
                if (line.starts_with("id: ")) last_id = value;
                if (line.starts_with("data: ")) event.data = value;
            }
            text_.erase(0, end + 2);
            event.id = last_id;
            if (!event.data.empty()) return event;
        }
    }
    test::Answer head;
    std::string last_id;

private:
    Client client_;
    std::string text_;
};

} // namespace holdfast::test
