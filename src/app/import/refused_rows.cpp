#include "app/import/refused_rows.hpp"

#include <holdfast/models/csv.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace holdfast::app {
namespace {

constexpr std::size_t kShownMax = 20;

}

Result<void> RefusedRows::open(const std::filesystem::path& file, bool goes_on) {
    path_ = file;
    if (file.empty()) return ok();
    out_.open(file, goes_on ? std::ios::app : std::ios::trunc);
    if (!goes_on) out_ << "line,reason\n" << std::flush;
    if (!out_) return fail(Errc::io, fmt::format("cannot write {}", file.string()));
    return ok();
}

void RefusedRows::add(std::uint64_t line, std::string_view why) {
    rows_.push_back({line, std::string(why)});
}

Result<void> RefusedRows::flush() {
    std::ranges::sort(rows_, {}, &Row::line);
    for (const Row& row : rows_) {
        if (!path_.empty()) {
            out_ << row.line << ',' << models::csv_cell(row.why) << '\n';
        } else if (shown_ < kShownMax) {
            fmt::print(stderr, "line {}: {}\n", row.line, row.why);
            if (++shown_ == kShownMax)
                fmt::print(stderr,
                           "further refused rows are counted only; --refused FILE has all\n");
        }
    }
    rows_.clear();
    if (path_.empty()) return ok();
    out_.flush();
    if (!out_) return fail(Errc::io, fmt::format("cannot write {}", path_.string()));
    return ok();
}

} // namespace holdfast::app
