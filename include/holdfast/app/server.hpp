#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/config/config.hpp>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::app {

// The whole server in one object. One thread calls all members.
class Server {
public:
    explicit Server(config::Config config);
    ~Server(); // stop()

    // Opens the log, makes the configured streams, starts everything. The first error ends it, with
    // nothing left listening.
    [[nodiscard]] Result<void> start();
    // Stops taking input, lets what was gathered reach the log, ends all threads.
    void stop();
    // To be called about once a second: does what is due.
    void run_housekeeping();

    // Reads users, rights and certificates again, as SIGHUP asks.
    void reload();

    // `listening mqtt 127.0.0.1:1883`, one line for each listener.
    [[nodiscard]] std::vector<std::string> listening_lines() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace holdfast::app
