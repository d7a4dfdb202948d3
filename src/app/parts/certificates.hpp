#pragma once

#include "app/file_watch.hpp"
#include "app/ground.hpp"

#include <holdfast/gateway/tls/tls_credentials.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::app {

// The certificates of a part's TLS listeners: read at the start, on SIGHUP, and within a second of
// a change of one of their files. A bad file leaves the one before in force. Tells how long they
// are good: as a metric, and below a month as a log line a day and an alarm. The main thread.
class Certificates {
public:
    explicit Certificates(Ground& ground) : ground_(ground) {}

    // Null where the listener is in clear. `name` stands in log lines and metrics.
    [[nodiscard]] Result<const gateway::TlsCredentials*> add(const config::Listener& listener,
                                                             const std::string& name);
    // Begins to look at the files from time to time. After the last add().
    void watch();
    void reload();

private:
    struct Entry {
        std::string name;
        std::shared_ptr<gateway::TlsCredentials> credentials; // the metric may outlive us
        FileWatch files;

        [[nodiscard]] std::string file() const {
            return credentials->settings().certificate.string();
        }
    };
    void reload(const Entry& entry) const;
    void tell_days_left() const;
    void raise_or_clear(const Entry& entry, double days) const;

    Ground& ground_;
    std::vector<Entry> entries_;
};

// Those of certificates that no listener uses any more, which nobody else would end.
void clear_unused_certificate_alarms(Ground& ground);

} // namespace holdfast::app
