#pragma once

#include "app/server_options.hpp"

#include <holdfast/base/result.hpp>
#include <holdfast/query/engine.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::app {

// Who answers queries of the command line. One thread.
class QueryTarget {
public:
    virtual ~QueryTarget() = default;

    // The answer in `format` (json, ndjson or csv) goes to `take` as it comes, until that says
    // false. Errors: those of the query; io where the server cannot be reached, or breaks off.
    using Take = std::function<bool(std::string_view piece)>;
    [[nodiscard]] virtual Result<void> ask(const query::Request& request, std::string_view format,
                                           const Take& take) = 0;
};

// A server, over REST.
[[nodiscard]] std::unique_ptr<QueryTarget> query_server(ServerOptions server);
// The log of a data directory as it stands, also beside its server: tables are `streams`, `groups`
// and `alarms`. Errors: as of Log::open().
[[nodiscard]] Result<std::unique_ptr<QueryTarget>> query_directory(
    const std::filesystem::path& data_dir);

} // namespace holdfast::app
