#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/broker/publisher.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace holdfast::app {

// Alarms of the server about itself, beside those of rules and models: source `server`. What is
// told again changes nothing. Thread-safe.
class ServerAlarms {
public:
    explicit ServerAlarms(const Clock& clock) : clock_(clock) {}

    // Both outlive close(), after which nothing is raised or cleared.
    void open(broker::Publisher& publisher, alarms::Registry& alarms);
    void close();

    // `key`: what it is about. `details_json`: a JSON object.
    void raise(std::string_view name, std::string_view key, alarms::Severity severity,
               std::string details_json);
    void clear(std::string_view name, std::string_view key);
    // Clears those of the name whose key is none of `keys`: nobody tells of them any more.
    void keep_only(std::string_view name, const std::set<std::string>& keys);

private:
    [[nodiscard]] std::optional<alarms::Alarm> find_locked(const std::string& id) const;
    void clear_locked(alarms::Alarm alarm, alarms::ClearReason reason);
    void store_locked(const alarms::Alarm& alarm);
    void stored(const alarms::Alarm& alarm, bool is_stored);

    const Clock& clock_;
    std::mutex mutex_;
    // all guarded by mutex_
    broker::Publisher* publisher_ = nullptr;
    alarms::Registry* alarms_ = nullptr;
    std::map<std::string, alarms::Alarm> under_way_; // by id: changes that are being stored
};

} // namespace holdfast::app
