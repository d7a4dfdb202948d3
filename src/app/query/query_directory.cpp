#include "app/query/query_target.hpp"

#include "app/keyspaces.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/query/result_text.hpp>

#include <utility>
#include <vector>

namespace holdfast::app {
namespace {

constexpr std::size_t kPieceBytes = 64U << 10U;

// Gives text on as it grows.
class TextSink final : public query::Sink {
public:
    TextSink(query::ResultFormat format, const QueryTarget::Take& take)
        : text_(format), take_(take) {}

    Result<void> begin(const std::vector<std::string>& names) override {
        text_.begin(names);
        return ok();
    }
    Result<void> rows(const column::Frame& batch) override {
        for (std::size_t row = 0; row < batch.rows;) {
            row = text_.rows(batch, row, kPieceBytes);
            if (!take_(text_.take())) return fail(Errc::closed, "nobody reads the answer");
        }
        return ok();
    }
    void end(const query::Summary& summary) {
        text_.end(summary);
        (void)take_(text_.take()); // nothing follows that could be kept back
    }

private:
    query::ResultText text_;
    const QueryTarget::Take& take_;
};

class QueryDirectory final : public QueryTarget {
public:
    Result<void> open(const std::filesystem::path& data_dir) {
        set_log_level(LogLevel::warn); // what the log says about itself is for servers
        log::LogOptions options;
        options.directory = data_dir / "log";
        options.read_only = true;
        options.keyspaces = keyspaces();
        HF_TRY(log_, log::Log::open(std::move(options), clock_, metrics_));
        HF_TRY(alarms_.load(*log_));
        groups_ = std::make_unique<log::GroupOffsets>(*log_, clock_);
        // Without a configuration no route says where a topic's records are: they may be anywhere.
        const auto every_stream = [this](std::string_view) {
            std::vector<std::string> names;
            for (const auto& stream : log_->streams()) names.push_back(stream->settings.name);
            return names;
        };
        query::Engine::Parts parts{*log_, clock_, every_stream};
        parts.tables.push_back(query::streams_table(*log_));
        parts.tables.push_back(query::groups_table(*groups_, *log_));
        parts.tables.push_back(query::alarms_table(alarms_));
        query::EngineSettings settings;
        settings.threads = 0; // run() works on this one
        engine_ = std::make_unique<query::Engine>(settings, std::move(parts));
        return ok();
    }

    Result<void> ask(const query::Request& request, std::string_view format,
                     const Take& take) override {
        TextSink sink(*query::result_format_from(format), take);
        HF_TRY(const query::Summary summary, engine_->run(request, sink));
        sink.end(summary);
        return ok();
    }

private:
    SystemClock clock_;
    Metrics metrics_;
    std::unique_ptr<log::Log> log_;
    alarms::Registry alarms_;
    std::unique_ptr<log::GroupOffsets> groups_;
    std::unique_ptr<query::Engine> engine_;
};

} // namespace

Result<std::unique_ptr<QueryTarget>> query_directory(const std::filesystem::path& data_dir) {
    auto target = std::make_unique<QueryDirectory>();
    HF_TRY(target->open(data_dir));
    return std::unique_ptr<QueryTarget>(std::move(target));
}

} // namespace holdfast::app
