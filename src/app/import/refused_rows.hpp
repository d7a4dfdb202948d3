#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::app {

// Tells which rows were refused and why: as CSV (`line,reason`) in a file, each of them, or the
// first of them on standard error. Rows are gathered until flush(), so that a block that is sent
// again after a crash is not told of twice.
class RefusedRows {
public:
    // `file` may be empty. `goes_on`: behind what is in it. Errors: io.
    [[nodiscard]] Result<void> open(const std::filesystem::path& file, bool goes_on);

    void add(std::uint64_t line, std::string_view why);
    // By line. Errors: io.
    [[nodiscard]] Result<void> flush();
    [[nodiscard]] std::size_t gathered() const noexcept { return rows_.size(); }

private:
    struct Row {
        std::uint64_t line = 0;
        std::string why;
    };
    std::vector<Row> rows_;
    std::filesystem::path path_;
    std::ofstream out_;
    std::size_t shown_ = 0; // on standard error
};

} // namespace holdfast::app
