#pragma once

#include "app/import/csv_row.hpp"
#include "app/server_options.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace holdfast::app {

struct ImportArguments {
    ServerOptions server;
    std::filesystem::path file;
    std::string stream;
    CsvMapping mapping;
    std::filesystem::path refused_file; // empty: the first refused rows go to standard error
    std::uint32_t rows_per_s = 0;       // 0: as fast as it goes
    bool is_dry_run = false;            // reads and checks, sends nothing, keeps no state
};

struct ImportTotals {
    std::uint64_t stored = 0; // in a dry run: would be sent
    std::uint64_t refused = 0;
};

// Sends the file's rows into the stream, or those that an import that was broken off has left.
// Shows on a terminal how far it is. Errors: of the file (io, malformed, limit_exceeded for a line
// over 1 MiB), of its state file, of the server; what was stored until then is, and is not sent
// again.
[[nodiscard]] Result<ImportTotals> run_import(const ImportArguments& arguments);

} // namespace holdfast::app
