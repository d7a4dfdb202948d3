#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::app {

struct CertArguments {
    std::string config_file = "holdfast.yaml";
    std::vector<std::string> hosts; // of server; empty: those of the certificate before
    std::string name;               // of client
    std::string out;                // empty: beside the CA
    std::optional<int> days;
    std::string file; // of show
};

// `holdfast cert server|client|show`: certificates of a site's own CA. Keep it as long as `cli`.
class CertCommand {
public:
    explicit CertCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* server_;
    CLI::App* client_;
    CLI::App* show_;
    CertArguments arguments_;
};

} // namespace holdfast::app
