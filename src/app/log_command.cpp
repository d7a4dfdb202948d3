#include "app/log_command.hpp"

#include "app/keyspaces.hpp"
#include "app/server_options.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/rest/record_json.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/stream_settings.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>

namespace holdfast::app {
namespace {

constexpr std::size_t kFetchBytes = 1U << 20U;

int failed(const Error& error) {
    fmt::print(stderr, "holdfast: {}\n", error.context);
    return 1;
}

// The log of a data directory as it stands, and what it needs around it.
struct OpenLog {
    SystemClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log;
};

Result<void> open(OpenLog& open, const LogArguments& arguments) {
    set_log_level(LogLevel::warn); // what it says about itself is for servers
    log::LogOptions options;
    options.keyspaces = keyspaces();
    options.directory = std::filesystem::path(arguments.data_dir) / "log";
    options.read_only = true;
    HF_TRY(open.log, log::Log::open(std::move(options), open.clock, open.metrics));
    return ok();
}

// Where to begin, checked against the stream's bounds.
struct Start {
    PartitionId partition;
    Offset offset = 0;
};

Result<Start> find_start(const log::Log& log, const LogArguments& arguments) {
    const auto stream = log.find_stream(arguments.stream);
    if (!stream)
        return fail(Errc::not_found, fmt::format("there is no stream '{}'", arguments.stream));
    if (arguments.partition >= stream->settings.partitions)
        return fail(Errc::not_found,
                    fmt::format("stream '{}' has partitions 0 to {}", arguments.stream,
                                stream->settings.partitions - 1));
    Start start{{stream->id, arguments.partition}, 0};
    HF_TRY(const auto bounds, log.bounds(start.partition));
    start.offset = arguments.offset.value_or(bounds.log_start_offset);
    if (arguments.from_ms) {
        HF_TRY(start.offset, log.offset_at(start.partition, *arguments.from_ms));
    }
    return start;
}

// Gives each batch that `isolation` shows from the start on to `take` until that says false. Damage
// is named on standard error and passed over: true where there was some.
Result<bool> walk(const log::Log& log, Start start, log::Isolation isolation,
                  const std::function<Result<bool>(const record::BatchHeader&, ByteView)>& take) {
    bool is_damaged = false;
    for (;;) {
        const auto fetched = log.fetch(start.partition, start.offset, kFetchBytes, isolation);
        if (!fetched && fetched.error().code == Errc::corrupt) {
            fmt::print(stderr, "holdfast: {}\n", fetched.error().context);
            is_damaged = true;
            HF_TRY(start.offset, log.readable_after(start.partition, start.offset));
            continue;
        }
        if (!fetched) return fetched.error();
        if (fetched.value().next_offset == start.offset) return is_damaged;
        for (ByteView rest = fetched.value().batches; !rest.empty();) {
            HF_TRY(const auto header, record::decode_batch_header(rest));
            HF_TRY(const bool goes_on, take(header, rest.first(header.size_bytes())));
            if (!goes_on) return is_damaged;
            rest = rest.subspan(header.size_bytes());
        }
        start.offset = fetched.value().next_offset;
    }
}

int run_walk(
    const LogArguments& arguments, log::Isolation isolation,
    const std::function<Result<bool>(Offset first, const record::BatchHeader&, ByteView)>& take) {
    OpenLog opened;
    if (const auto outcome = open(opened, arguments); !outcome) return failed(outcome.error());
    const auto start = find_start(*opened.log, arguments);
    if (!start) return failed(start.error());
    const auto is_damaged = walk(*opened.log, start.value(), isolation,
                                 [&](const record::BatchHeader& header, ByteView batch) {
                                     return take(start.value().offset, header, batch);
                                 });
    if (!is_damaged) return failed(is_damaged.error());
    return is_damaged.value() ? 1 : 0;
}

std::uint64_t limit_of(const LogArguments& arguments) {
    return arguments.limit != 0 ? arguments.limit : std::numeric_limits<std::uint64_t>::max();
}

int list_streams(const LogArguments& arguments) {
    OpenLog opened;
    if (const auto outcome = open(opened, arguments); !outcome) return failed(outcome.error());
    fmt::print("{:<32} {:>10} {:>14} {:>14} {:>10} {:>11}\n", "stream", "partitions", "records",
               "retention_ms", "durability", "compression");
    for (const auto& stream : opened.log->streams()) {
        std::int64_t records = 0;
        for (PartitionIndex i = 0; i < stream->settings.partitions; ++i) {
            const auto bounds = opened.log->bounds({stream->id, i});
            if (!bounds) return failed(bounds.error());
            records += bounds.value().high_watermark - bounds.value().log_start_offset;
        }
        const auto text = [&](std::string_view name) {
            return log::setting_text(stream->settings, name).value();
        };
        fmt::print("{:<32} {:>10} {:>14} {:>14} {:>10} {:>11}\n", stream->settings.name,
                   stream->settings.partitions, records, text("retention_ms"), text("durability"),
                   text("compression"));
    }
    return 0;
}

int read_records(const LogArguments& arguments) {
    std::uint64_t left = limit_of(arguments);
    std::string lines;
    return run_walk(arguments, log::Isolation::committed,
                    [&](Offset first, const record::BatchHeader&, ByteView bytes) -> Result<bool> {
                        HF_TRY(auto batch, record::BatchView::open(bytes));
                        record::RecordView record;
                        lines.clear();
                        while (left > 0) {
                            HF_TRY(const bool has_more, batch.next(record));
                            if (!has_more) break;
                            if (record.offset < first) continue;
                            gateway::write_record_json(lines, arguments.partition, record);
                            --left;
                        }
                        fmt::print("{}", lines);
                        return left > 0;
                    });
}

int dump_batches(const LogArguments& arguments) {
    std::uint64_t left = limit_of(arguments);
    return run_walk(
        arguments, log::Isolation::uncommitted,
        [&](Offset, const record::BatchHeader& header, ByteView bytes) -> Result<bool> {
            constexpr std::array<std::string_view, 8> kCodecs{"none", "gzip", "snappy", "lz4",
                                                              "zstd", "5",    "6",      "7"};
            fmt::print(
                "offsets {}-{} records {} bytes {} crc {:08x} compression {} {} {} to {} "
                "producer {} epoch {} sequence {}{}{}\n",
                header.base_offset, header.last_offset(), header.record_count, bytes.size(),
                header.crc, kCodecs.at(static_cast<std::size_t>(header.compression())),
                header.is_log_append_time() ? "append" : "create", header.base_timestamp_ms,
                header.timestamp_max_ms, header.producer_id, header.producer_epoch,
                header.base_sequence, header.is_transactional() ? " transactional" : "",
                header.is_control() ? " control" : "");
            return --left > 0;
        });
}

int verify_log(const LogArguments& arguments) {
    OpenLog opened;
    if (const auto outcome = open(opened, arguments); !outcome) return failed(outcome.error());
    const auto verified = opened.log->verify([](const log::Damage& damage) {
        fmt::print("damage   {} offsets {} to {}: {}\n", damage.place, damage.first, damage.last,
                   damage.what);
    });
    if (!verified) return failed(verified.error());
    const log::Verified& sum = verified.value();
    fmt::print("verified {} partitions, {} batches, {} records, {} bytes; {} damaged places\n",
               sum.partitions, sum.batches, sum.records, sum.bytes, sum.damages);
    return sum.damages == 0 ? 0 : 1;
}

} // namespace

LogCommand::LogCommand(CLI::App& cli) {
    auto* log = cli.add_subcommand("log", "look at the log of a data directory");
    log->require_subcommand(1);
    const auto add = [&](const char* name, const char* what) {
        auto* command = log->add_subcommand(name, what);
        command->add_option("--data-dir", arguments_.data_dir, "where the data is")
            ->capture_default_str();
        return command;
    };
    const auto add_range = [&](CLI::App* command, const char* what) {
        command->add_option("stream", arguments_.stream, "name of the stream")->required();
        command->add_option("--partition", arguments_.partition, "default: 0");
        auto* offset = command->add_option("--offset", arguments_.offset, "default: the first");
        command->add_option("--from", arguments_.from_ms, "time in epoch milliseconds")
            ->excludes(offset);
        command->add_option("--limit", arguments_.limit, what);
    };
    ls_ = add("ls", "streams and their settings");
    read_ = add("read", "records, one line of JSON each");
    add_range(read_, "records at most");
    dump_ = add("dump", "headers of the stored batches, one line each");
    add_range(dump_, "batches at most");
    verify_ = add("verify", "check everything that is stored");
    add_tail(*log);
}

void LogCommand::add_tail(CLI::App& log) {
    tail_ = log.add_subcommand("tail", "a server's records as they come, one line of JSON each");
    tail_->add_option("stream", tail_arguments_.stream, "name of the stream")->required();
    add_server_options(*tail_, tail_arguments_.server);
    auto* partition =
        tail_->add_option("--partition", tail_arguments_.partition, "default: all of them");
    auto* offset = tail_->add_option("--offset", tail_arguments_.offset, "default: the end");
    offset->needs(partition);
    tail_->add_option("--from", tail_arguments_.from, "time, RFC 3339 or epoch milliseconds")
        ->excludes(offset);
    tail_->add_option("--key", tail_arguments_.key, "records of this key only");
    tail_->add_option("--limit", tail_arguments_.limit, "end after so many records");
}

std::optional<int> LogCommand::run() const {
    if (ls_->parsed()) return list_streams(arguments_);
    if (read_->parsed()) return read_records(arguments_);
    if (dump_->parsed()) return dump_batches(arguments_);
    if (verify_->parsed()) return verify_log(arguments_);
    if (tail_->parsed()) return run_log_tail(tail_arguments_);
    return {};
}

} // namespace holdfast::app
