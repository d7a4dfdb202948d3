#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/query/table.hpp>
#include <holdfast/sql/predictor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast::history {
class Store;
}

namespace holdfast::query {

struct EngineSettings {
    std::size_t threads = 2;                     // queries that run at once
    std::size_t waiting_max = 32;                // more are refused
    std::size_t memory_bytes_max = 64U << 20U;   // of one query
    std::int64_t timeout_ms_max = 10LL * 60'000; // of one query
    bool counts_in_history = true; // false: aggregates are always made of rows, to be compared with
};

// A value that stands for $1 or :name.
using Parameter = std::variant<std::monostate, std::int64_t, double, bool, std::string>;

enum class SourceKind : std::uint8_t { stream, table };
// Whether whoever asks may read it; denied, with why. Called on the query's thread.
using MayRead = std::function<Result<void>(SourceKind kind, std::string_view name)>;

struct Request {
    std::string sql;
    std::vector<Parameter> numbered{};
    std::vector<std::pair<std::string, Parameter>> named{};
    std::int64_t timeout_ms = 60'000; // at most EngineSettings::timeout_ms_max
    std::stop_token stop{};           // whoever asked has gone
    // Asked of every stream and table before anything is read, also of those that a topic filter
    // leads to; and for each row about a stream in `streams` and `groups`. Empty: all may be read.
    MayRead may_read{};
};

// Hears the answer on the query's thread, batch by batch. An Error ends the query with it: that is
// how a slow or gone listener stops it.
class Sink {
public:
    virtual ~Sink() = default;
    // Once, before rows.
    [[nodiscard]] virtual Result<void> begin(const std::vector<std::string>& names) = 0;
    // Columns are borrowed for the call.
    [[nodiscard]] virtual Result<void> rows(const column::Frame& batch) = 0;
};

struct Summary {
    std::uint64_t rows = 0;
    std::uint64_t rows_read = 0;  // out of the log and tables
    std::uint64_t mismatches = 0; // values that became NULL
    std::uint64_t damaged = 0;    // ranges of the log that cannot be read and were passed over
    std::uint64_t unreadable = 0; // records whose payload is damaged: NULL for what was read of it
    std::string first_unreadable; // "telemetry/0, offset 17: why"; empty: none
    std::int64_t elapsed_ms = 0;
    std::size_t peak_bytes = 0;
    std::vector<std::string> columns; // names of a query's, also where EXPLAIN only shows how
};

// SQL over the log, history and tables, read-only by construction: it holds the log as const. All
// members are thread-safe. Log, tables, history and clock outlive the engine.
class Engine {
public:
    // Streams that a topic matching `filter` may have been appended to.
    using StreamsOf = std::function<std::vector<std::string>(std::string_view filter)>;

    // The model that predict() asks (model_predictor.hpp).
    using PredictorOf =
        std::function<Result<std::shared_ptr<const sql::Predictor>>(std::string_view name)>;

    struct Parts {
        const log::Log& log;
        const Clock& clock;
        StreamsOf streams_of;
        std::vector<std::unique_ptr<Table>> tables{};
        const history::Store* history = nullptr; // null: none is kept
        PredictorOf predictor_of{};              // empty: predict() is not served
    };
    Engine(EngineSettings settings, Parts parts);
    ~Engine(); // cancels what runs, refuses what waits (closed)

    // On the caller's thread: it reads the disk, so never on a shard. malformed, not_supported,
    // not_found ("line 1, column 40: ..."); limit_exceeded (memory, time); closed (cancelled); io.
    [[nodiscard]] Result<Summary> run(const Request& request, Sink& sink) const;

    // On one of the engine's threads, where `done` is called, too, exactly once. limit_exceeded at
    // once where too many wait.
    using Done = std::function<void(Result<Summary>)>;
    [[nodiscard]] Result<void> submit(Request request, std::shared_ptr<Sink> sink, Done done);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::query
