#pragma once

#include "app/server_options.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::app {

// A row that is to be sent: one line of NDJSON, and where it stood in the file.
struct ImportRow {
    std::uint64_t line = 0;
    std::string record;
};

// Sends rows into a stream, each once: a block carries an idempotency key made of the import's name
// and the rows' place, so that whoever sends it again after a crash stores nothing twice (for a
// day). Blocking, one thread.
class BlockSender {
public:
    using Refuse = std::function<void(std::uint64_t line, std::string_view why)>;

    BlockSender(ServerOptions server, std::string stream, std::string run)
        : server_(std::move(server)), stream_(std::move(stream)), run_(std::move(run)) {}

    // How many were stored. A block that the server refuses is halved until the rows are found that
    // it means; these go to `refuse`. A server that has no room or time now, or does not answer, is
    // asked again kTries times, as late as it says. Errors: what it said that is not about rows
    // (no such stream, no right); io.
    [[nodiscard]] Result<std::uint64_t> send(std::span<const ImportRow> rows, const Refuse& refuse);

private:
    static constexpr int kTries = 6;

    [[nodiscard]] Result<gateway::HttpResponse> post(std::span<const ImportRow> rows);
    [[nodiscard]] Result<gateway::HttpResponse> try_once(const gateway::HttpRequest& request);

    ServerOptions server_;
    std::string stream_;
    std::string run_;
    std::optional<gateway::HttpClient> client_; // none: not connected
};

} // namespace holdfast::app
