#pragma once

#include <gateway/rest/topic_table.hpp>

#include <string>

namespace holdfast::log {
class Log;
}

namespace holdfast::gateway {

// Adds what was said on a topic last as members of a JSON object, with a comma before each:
// payload or payload_base64, payload_bytes, and where the message lies.
void write_last_message(std::string& out, const TopicState& topic, const log::Log& log);

} // namespace holdfast::gateway
