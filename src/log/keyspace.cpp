#include <holdfast/log/append.hpp>

namespace holdfast::log {

std::string_view to_string(Keyspace keyspace) noexcept {
    switch (keyspace) {
        case Keyspace::rules: return "rules";
        case Keyspace::models: return "models";
        case Keyspace::alarms: return "alarms";
        case Keyspace::groups: return "groups";
        case Keyspace::answers: return "answers";
        case Keyspace::retained: return "retained";
        case Keyspace::sessions: return "sessions";
    }
    return "unknown";
}

} // namespace holdfast::log
