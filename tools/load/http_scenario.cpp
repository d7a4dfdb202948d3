#include <load/http_link.hpp>
#include <load/http_scenario.hpp>
#include <load/process_stats.hpp>
#include <load/stop_signal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace holdfast::load {
namespace {

class HttpRun {
public:
    explicit HttpRun(const HttpOptions& options) : options_(options) {}

    Result<Report> run();

private:
    struct Client {
        std::string request;
        std::unique_ptr<HttpLink> link;
        std::uint64_t sent_ns = 0;
    };
    struct Sample {
        std::uint64_t at_ns = 0;
        std::uint64_t accepted = 0;
        ProcessUse server;
        double own_cpu_s = 0;
    };

    Result<void> connect_all();
    [[nodiscard]] std::string make_request(std::size_t client) const;
    void post(Client& client, std::uint64_t now_ns);
    void on_response(Client& client, unsigned status, std::uint64_t now_ns);
    void run_until(std::uint64_t end_ns);
    Result<Sample> sample() const;

    HttpOptions options_;
    Loop loop_;
    std::vector<std::unique_ptr<Client>> clients_;
    bool producing_ = true;
    bool measuring_ = false;
    std::uint64_t sent_ = 0;     // messages
    std::uint64_t accepted_ = 0; // messages
    std::uint64_t refused_ = 0;  // messages
    Histogram latency_;
};

std::string HttpRun::make_request(std::size_t client) const {
    const std::string host =
        fmt::format("{}:{}", options_.run.endpoint.host, options_.run.endpoint.port);
    const std::string topic = fmt::format("{}/{}", options_.topic, client);
    constexpr std::string_view kFrame = R"({"v":""})";
    const std::size_t fill =
        options_.payload_bytes > kFrame.size() ? options_.payload_bytes - kFrame.size() : 0;
    const std::string payload = fmt::format(R"({{"v":"{}"}})", std::string(fill, 'x'));
    if (options_.batch == 1) {
        return make_post(host, "/api/v1/publish/" + topic, "application/json", payload);
    }
    std::string body = "[";
    for (std::size_t i = 0; i < options_.batch; ++i) {
        body += fmt::format(R"({}{{"topic":"{}","payload":{}}})", i > 0 ? "," : "", topic, payload);
    }
    return make_post(host, "/api/v1/publish", "application/json", body + "]");
}

Result<void> HttpRun::connect_all() {
    for (std::size_t i = 0; i < options_.connections; ++i) {
        HF_TRY(const int socket, dial_http(options_.run.endpoint));
        clients_.push_back(std::make_unique<Client>());
        Client& client = *clients_.back();
        client.request = make_request(i);
        client.link = std::make_unique<HttpLink>(
            socket, [this, &client](HttpLink&, unsigned status, std::uint64_t now_ns) {
                on_response(client, status, now_ns);
            });
        loop_.add(*client.link);
    }
    return ok();
}

void HttpRun::post(Client& client, std::uint64_t now_ns) {
    client.sent_ns = now_ns;
    sent_ += options_.batch;
    client.link->post(client.request);
}

void HttpRun::on_response(Client& client, unsigned status, std::uint64_t now_ns) {
    (status / 100 == 2 ? accepted_ : refused_) += options_.batch;
    if (measuring_) latency_.record(now_ns - client.sent_ns);
    if (producing_) post(client, now_ns);
}

void HttpRun::run_until(std::uint64_t end_ns) {
    for (std::uint64_t now_ns = monotonic_ns();
         now_ns < end_ns && loop_.failures() == 0 && !(producing_ && stop_requested()) &&
         (producing_ || accepted_ + refused_ < sent_);
         now_ns = monotonic_ns()) {
        loop_.turn(std::min<std::uint64_t>(end_ns - now_ns, 100'000'000));
    }
}

Result<HttpRun::Sample> HttpRun::sample() const {
    Sample sample;
    if (options_.run.server_pid != 0) {
        HF_TRY(sample.server, process_use(options_.run.server_pid));
    }
    sample.at_ns = monotonic_ns();
    sample.accepted = accepted_;
    sample.own_cpu_s = own_cpu_s();
    return sample;
}

Result<Report> HttpRun::run() {
    HF_TRY(connect_all());
    const auto in_ns = [](double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); };
    const std::uint64_t start_ns = monotonic_ns();
    for (const auto& client : clients_) post(*client, start_ns);
    run_until(start_ns + in_ns(options_.run.warmup_s));
    HF_TRY(const Sample begin, sample());
    measuring_ = true;
    run_until(begin.at_ns + in_ns(options_.run.duration_s));
    HF_TRY(const Sample end, sample());
    measuring_ = false;
    producing_ = false;
    run_until(monotonic_ns() + in_ns(options_.run.drain_s));

    Report report;
    report.scenario = "http";
    report.parameters = fmt::format("connections={} batch={} payload={}", options_.connections,
                                    options_.batch, options_.payload_bytes);
    report.seconds = static_cast<double>(end.at_ns - begin.at_ns) / 1e9;
    report.published = end.accepted - begin.accepted;
    report.server_cpu_s = end.server.cpu_s - begin.server.cpu_s;
    report.server_rss_bytes = end.server.rss_bytes;
    report.generator_cpu_s = end.own_cpu_s - begin.own_cpu_s;
    report.ack_latency = latency_;
    report.total_sent = sent_;
    report.total_acked = accepted_ + refused_;
    report.refused = refused_;
    report.failures = loop_.failures();
    report.first_failure = loop_.first_failure();
    report.interrupted = stop_requested();
    return report;
}

} // namespace

Result<Report> run_http(const HttpOptions& options) {
    HttpRun run(options);
    return run.run();
}

} // namespace holdfast::load
