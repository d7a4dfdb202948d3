#include <gateway/http/gunzip.hpp>
#include <gateway/rest/influx_record.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/influx/line_reader.hpp>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include <memory>
#include <utility>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

constexpr std::size_t kBodyBytesMax = 32U << 20U; // decompressed
constexpr std::size_t kRecordBytes = 256;         // of a record beside its key and value
constexpr std::size_t kRefusalsShown = 10;

std::string_view code_of(unsigned status) noexcept {
    switch (status) {
        case 400: return "invalid";
        case 401: return "unauthorized";
        case 403: return "forbidden";
        case 404: return "not found";
        case 413: return "request too large";
        case 429: return "too many requests";
        case 503: return "unavailable";
        default: return "internal error";
    }
}

// What clients of InfluxDB 2 (`code`, `message`) and 1 (`error`) look for in an error.
HttpResponse influx_error(HttpResponse response, std::string_view why) {
    response.content_type = "application/json";
    response.body =
        json_response(
            json::object{{"code", code_of(response.status)}, {"message", why}, {"error", why}})
            .body;
    return response;
}

HttpResponse influx_error(const Error& error) {
    HttpResponse response = problem(error);
    const std::string why = detail_of(response); // UTF-8, whatever the request was
    return influx_error(std::move(response), why);
}

// What became of the lines of a body.
struct Lines {
    std::vector<NewRecord> records;
    std::vector<std::string> refusals; // the first of them
    std::size_t refused = 0;

    void refuse(std::string why) {
        if (++refused <= kRefusalsShown) refusals.push_back(std::move(why));
    }
    // Telegraf looks for these words, and does not send such lines again.
    [[nodiscard]] std::string report() const {
        const std::string shown = fmt::format("{}", fmt::join(refusals, "; "));
        const std::string_view more = refused > refusals.size() ? "; and more" : "";
        if (records.empty())
            return fmt::format("unable to parse: all {} lines are refused: {}{}", refused, shown,
                               more);
        return fmt::format("partial write: {} of {} lines are refused: {}{}", refused,
                           refused + records.size(), shown, more);
    }
};

class LineWriter {
public:
    LineWriter(log::Log& log, const Clock& clock, MemoryAccount& memory, Metrics& metrics)
        : log_(log),
          clock_(clock),
          memory_(memory),
          lines_(metrics.counter("holdfast_influx_lines", "Lines of line protocol stored")),
          refused_(metrics.counter("holdfast_influx_lines_refused",
                                   "Lines of line protocol that were no points, or too large")) {}

    // `stream_parameter` names the stream. Blocks for what decoding takes.
    void write(const HttpRequest& request, std::string_view stream_parameter,
               const Reply& reply) const {
        if (auto begun = begin(request, stream_parameter, reply); !begun)
            reply.send(influx_error(begun.error()));
    }

private:
    Result<void> begin(const HttpRequest& request, std::string_view stream_parameter,
                       const Reply& reply) const {
        HF_TRY(const auto precision,
               influx::parse_precision(request.query_value("precision").value_or("ns")));
        RecordsAppend append;
        HF_TRY(append.stream, stream_to_append(log_, *request.query_value(stream_parameter)));
        const auto taken = std::make_shared<TakenBytes>(memory_);
        std::string unpacked;
        HF_TRY(const std::string_view text, text_of(request, unpacked, *taken));
        const auto tags = device_tags(request.header("x-device-tag").value_or(""));
        influx::LineReader reader(text, precision);
        HF_TRY(auto lines, read(reader, tags, append.stream->settings, *taken));
        refused_.add(lines.refused);
        auto answer = lines.refused == 0 ? HttpResponse{204}
                                         : influx_error(HttpResponse{400}, lines.report());
        if (lines.records.empty()) {
            reply.send(std::move(answer));
            return ok();
        }
        append.now_ms = clock_.now_ms();
        append.records = std::move(lines.records);
        // The account is charged until they are stored.
        append.done = [reply, taken, answer = std::move(answer), count = append.records.size(),
                       &stored = lines_](const Result<std::vector<PlacedRecords>>& placed) {
            if (placed) stored.add(count);
            reply.send(placed ? answer : influx_error(placed.error()));
        };
        return append_records(log_, std::move(append));
    }

    // The body; `unpacked` holds it where it came compressed.
    static Result<std::string_view> text_of(const HttpRequest& request, std::string& unpacked,
                                            TakenBytes& taken) {
        const auto coding = request.header("content-encoding").value_or("identity");
        if (coding == "identity" || coding.empty()) return std::string_view(request.body);
        if (coding != "gzip")
            return fail(Errc::malformed,
                        fmt::format("Content-Encoding: '{}' is neither gzip nor identity", coding));
        HF_TRY(unpacked, gunzip(request.body, kBodyBytesMax, taken));
        return std::string_view(unpacked);
    }

    static Result<Lines> read(influx::LineReader& reader, const std::vector<std::string>& tags,
                              const log::StreamSettings& settings, TakenBytes& taken) {
        Lines lines;
        for (influx::Line line;;) {
            const auto more = reader.next(line);
            if (more && !more.value()) return lines;
            auto record = more ? influx_record(line, tags) : Result<NewRecord>(more.error());
            if (!record) {
                // The reader's errors say where; these are of a line that was read whole.
                lines.refuse(
                    more ? fmt::format("line {}: {}", reader.number(), record.error().context)
                         : record.error().context);
                continue;
            }
            if (!fits(settings, record.value())) {
                lines.refuse(fmt::format("line {}: larger than stream '{}' takes, {} bytes",
                                         reader.number(), settings.name,
                                         settings.message_bytes_max));
                continue;
            }
            if (!taken.take(kRecordBytes + record.value().key->size() +
                            record.value().value->size()))
                return fail(Errc::limit_exceeded, "too much is waiting in memory; try again later");
            lines.records.push_back(std::move(record).value());
        }
    }

    log::Log& log_;
    const Clock& clock_;
    MemoryAccount& memory_;
    Counter& lines_;
    Counter& refused_;
};

Result<void> check_asked(const HttpRequest& request, std::string_view stream_parameter) {
    const auto stream = request.query_value(stream_parameter);
    if (!stream || stream->empty())
        return fail(Errc::malformed, fmt::format("{}: the stream is missing", stream_parameter));
    return check_right(request.caller->rights, access::Action::write,
                       access::Resource::stream(*stream));
}

Router::Handler write_on(WorkQueue& queue, std::shared_ptr<const LineWriter> writer,
                         std::string_view stream_parameter) {
    return [&queue, writer = std::move(writer), stream_parameter](HttpRequest request,
                                                                  const Reply& reply) {
        if (const auto asked = check_asked(request, stream_parameter); !asked)
            return reply.send(influx_error(asked.error()));
        const bool pushed =
            queue.try_push([writer, reply, stream_parameter, asked = std::move(request)] {
                writer->write(asked, stream_parameter, reply);
            });
        if (!pushed)
            reply.send(
                influx_error(fail(Errc::closed, "too many requests are waiting; try again later")));
    };
}

} // namespace

void add_influx_routes(Router& router, log::Log& log, const Clock& clock, MemoryAccount& memory,
                       Metrics& metrics, WorkQueue& queue) {
    const auto writer = std::make_shared<const LineWriter>(log, clock, memory, metrics);
    const auto right = Right::by_handler(access::Action::write, access::ResourceKind::stream);
    router.add("POST", "/api/v2/write", {"bucket", "org", "orgID", "precision"}, right,
               write_on(queue, writer, "bucket"));
    // `rp` and `consistency` ask for nothing here: retention is the stream's, and what is
    // acknowledged is stored. `u` and `p` are read by Authentication.
    router.add("POST", "/write", {"db", "rp", "precision", "consistency", "u", "p"}, right,
               write_on(queue, writer, "db"));
    const auto open = Right::open(
        "clients of InfluxDB ask before they sign in; it tells nothing "
        "but that we live");
    router.add("GET", "/ping", {"verbose", "wait_for_leader"}, open,
               [](const HttpRequest&, const Reply& reply) {
                   HttpResponse response{204};
                   response.headers.emplace_back("X-Influxdb-Version", "holdfast");
                   reply.send(std::move(response));
               });
    router.add("GET", "/health", {}, open, [](const HttpRequest&, const Reply& reply) {
        reply.send(json_response(json::object{{"name", "holdfast"},
                                              {"message", "ready for writes"},
                                              {"status", "pass"},
                                              {"checks", json::array{}}}));
    });
}

} // namespace holdfast::gateway
