#pragma once

#include <holdfast/base/result.hpp>
#include <load/options.hpp>
#include <load/report.hpp>

#include <cstddef>
#include <string>

namespace holdfast::load {

struct HttpOptions {
    RunOptions run;
    std::size_t connections = 20;
    std::size_t batch = 1; // messages per request
    std::size_t payload_bytes = 64;
    std::string topic = "load/http";
};

// POSTs JSON messages over keep-alive connections, one request under way on each; a 503 or 429
// counts as refused. Errors: io.
[[nodiscard]] Result<Report> run_http(const HttpOptions& options);

} // namespace holdfast::load
