#include "app/import/import_job.hpp"

#include "app/import/block_sender.hpp"
#include "app/import/import_state.hpp"
#include "app/import/refused_rows.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/crc32c.hpp>
#include <holdfast/models/csv.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace holdfast::app {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBlockRowsMax = 1'000;
constexpr std::size_t kBlockBytesMax = 1U << 20U; // less than http_body's default

std::size_t block_rows(const ImportArguments& arguments) {
    if (arguments.rows_per_s == 0) return kBlockRowsMax;
    return std::min<std::size_t>(arguments.rows_per_s, kBlockRowsMax);
}

// What must be the same for an import to go on: rows, and how they are put into blocks.
std::string text_of(const ImportArguments& arguments) {
    const CsvMapping& mapping = arguments.mapping;
    return fmt::format("stream {}, device {}, time {} ({}), topic '{}', {} rows a block",
                       arguments.stream, mapping.device_column, mapping.time_column,
                       static_cast<int>(mapping.time_format), mapping.topic, block_rows(arguments));
}

// What tells one recording from another that has taken its name: its first two lines.
Result<std::uint32_t> fingerprint(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string header;
    std::string row;
    std::getline(in, header);
    std::getline(in, row);
    if (in.bad()) return fail(Errc::io, "cannot read " + file.string());
    return crc32c(as_bytes(header + '\n' + row));
}

class Job {
public:
    explicit Job(const ImportArguments& arguments)
        : arguments_(arguments),
          state_file_(state_file(arguments.file)),
          in_(arguments.file),
          reader_(in_) {}

    Result<ImportTotals> run() {
        HF_TRY(open());
        std::vector<std::string> header;
        HF_TRY(const bool has_header, reader_.next(header));
        if (!has_header) return fail(Errc::malformed, "the file has no header");
        HF_TRY(const CsvRow row, CsvRow::make(arguments_.mapping, std::move(header)));
        HF_TRY(read_rows(row));
        HF_TRY(end_block());
        std::error_code ignored; // there is none in a dry run, or of a file without rows
        if (!arguments_.is_dry_run) std::filesystem::remove(state_file_, ignored);
        if (is_terminal_) fmt::print(stderr, "\n");
        return ImportTotals{state_.stored, state_.refused};
    }

private:
    Result<void> open() {
        std::error_code error;
        bytes_ = std::filesystem::file_size(arguments_.file, error);
        if (error || !in_)
            return fail(Errc::io, fmt::format("cannot read {}{}{}", arguments_.file.string(),
                                              error ? ": " : "", error ? error.message() : ""));
        if (!arguments_.is_dry_run) {
            HF_TRY(const std::uint32_t begins, fingerprint(arguments_.file));
            HF_TRY(state_, load_state(state_file_, text_of(arguments_), begins));
        }
        HF_TRY(refused_.open(arguments_.refused_file, state_.line != 0));
        if (arguments_.is_dry_run) return ok();
        // Before the first block, so that whoever sends it again has its name.
        HF_TRY(save_state(state_file_, state_));
        sender_.emplace(arguments_.server, arguments_.stream, state_.run);
        return ok();
    }

    Result<void> read_rows(const CsvRow& row) {
        for (std::vector<std::string> cells;;) {
            const auto more = reader_.next(cells);
            if (!more && more.error().code != Errc::malformed) return more.error();
            if (more && !more.value()) return check_end();
            if (reader_.line() <= state_.line) continue; // done by an import that was broken off
            auto record =
                more ? row.record(cells, reader_.has_decimal_commas(), clock_.now_ms())
                     : Result<std::string>(fail(Errc::malformed, "a quote does not close"));
            if (record) {
                bytes_gathered_ += record.value().size();
                rows_.push_back({reader_.line(), std::move(record).value()});
            } else {
                refused_.add(reader_.line(), record.error().context);
            }
            if (rows_.size() + refused_.gathered() >= block_rows(arguments_) ||
                bytes_gathered_ >= kBlockBytesMax) {
                HF_TRY(end_block());
            }
        }
    }

    Result<void> check_end() const {
        if (reader_.line() >= state_.line) return ok();
        return fail(Errc::malformed,
                    fmt::format("{} ends at line {}, and an import of it was broken off at line "
                                "{}: it is another file; remove {} to begin from the start",
                                arguments_.file.string(), reader_.line(), state_.line,
                                state_file_.string()));
    }

    // Its rows are stored, and told of, before the state says so.
    Result<void> end_block() {
        std::uint64_t stored = rows_.size();
        if (sender_ && !rows_.empty()) {
            HF_TRY(stored, sender_->send(rows_, [this](std::uint64_t line, std::string_view why) {
                refused_.add(line, why);
            }));
        }
        sent_ += rows_.size();
        state_.line = reader_.line();
        state_.stored += stored;
        state_.refused += refused_.gathered();
        HF_TRY(refused_.flush());
        rows_.clear();
        bytes_gathered_ = 0;
        if (sender_) {
            HF_TRY(save_state(state_file_, state_));
        }
        show();
        if (sender_ && arguments_.rows_per_s != 0)
            std::this_thread::sleep_until(
                begin_ + std::chrono::milliseconds(sent_ * 1000 / arguments_.rows_per_s));
        return ok();
    }

    void show() {
        if (!is_terminal_) return;
        const auto at = in_.tellg();
        const auto done = at < 0 ? bytes_ : static_cast<std::uintmax_t>(at); // < 0: at the end
        const std::chrono::duration<double> took = steady_clock::now() - begin_;
        const auto percent = bytes_ == 0 ? 100 : done * 100 / bytes_;
        fmt::print(stderr, "\r[{:<25}] {:>3} % {} rows, {} refused, {:.0f} rows/s ",
                   std::string(percent / 4, '#'), percent, state_.stored, state_.refused,
                   static_cast<double>(sent_) / std::max(took.count(), 1e-3));
    }

    const ImportArguments& arguments_;
    const std::filesystem::path state_file_;
    const SystemClock clock_;
    const steady_clock::time_point begin_ = steady_clock::now();
    const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    std::ifstream in_;
    models::CsvReader reader_;
    std::uintmax_t bytes_ = 0; // of the file
    ImportState state_;
    RefusedRows refused_;
    std::optional<BlockSender> sender_; // none in a dry run
    std::vector<ImportRow> rows_;       // of the block that is gathered
    std::size_t bytes_gathered_ = 0;
    std::uint64_t sent_ = 0; // by this run
};

} // namespace

Result<ImportTotals> run_import(const ImportArguments& arguments) {
    return Job(arguments).run();
}

} // namespace holdfast::app
