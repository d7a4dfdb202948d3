#pragma once

#include "app/server_options.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::app {

struct LogTailArguments {
    ServerOptions server;
    std::string stream;
    std::optional<std::uint32_t> partition; // all without
    std::optional<std::int64_t> offset;     // of that partition
    std::string from;                       // a time, instead of the offset; the end without
    std::string key;                        // only its records, unless empty
    std::uint64_t limit = 0;                // 0 = no end
};

// `holdfast log tail`: prints a running server's records as they come, one line of JSON each, and
// goes on by itself when the server comes back. 0 after `limit` records or when nobody reads the
// output any more; 1 with the reason on standard error.
[[nodiscard]] int run_log_tail(const LogTailArguments& arguments);

} // namespace holdfast::app
