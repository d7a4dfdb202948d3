#include <load/message_header.hpp>
#include <load/message_scenario.hpp>
#include <load/process_stats.hpp>
#include <load/publisher.hpp>
#include <load/stop_signal.hpp>
#include <load/subscriber.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::load {
namespace {

constexpr double kNsPerSecond = 1e9;

const char* name_of(Shape shape) {
    switch (shape) {
        case Shape::fanin: return "fanin";
        case Shape::fanout: return "fanout";
        case Shape::pairs: return "pairs";
    }
    return "?";
}

Result<void> check(const MessageOptions& options) {
    if (options.payload_bytes < kMessageHeaderBytes) {
        return fail(Errc::limit_exceeded, fmt::format("--payload {} is below the {} bytes that "
                                                      "number and time-stamp a message",
                                                      options.payload_bytes, kMessageHeaderBytes));
    }
    if (options.window == 0 || options.window > 65'535) {
        return fail(Errc::limit_exceeded, "--window must be 1 to 65535");
    }
    if (options.publishers == 0) return fail(Errc::limit_exceeded, "no publishers");
    if (options.shape == Shape::pairs && options.subscribers != options.publishers) {
        return fail(Errc::limit_exceeded, "pairs need as many subscribers as publishers");
    }
    return ok();
}

class MessageRun {
public:
    explicit MessageRun(const MessageOptions& options) : options_(options) {}

    Result<Report> run();

private:
    struct Sample { // what counts in the measured interval, at one end of it
        std::uint64_t at_ns = 0;
        std::uint64_t published = 0;
        std::uint64_t delivered = 0;
        ProcessUse server;
        double own_cpu_s = 0;
    };

    Result<void> connect_all();
    Result<Sample> sample();
    void run_until(std::uint64_t end_ns);
    void turn(std::uint64_t end_ns);
    void send_due(std::uint64_t now_ns);
    void resume_stalled();
    void show_progress(std::uint64_t now_ns);
    void drain();
    [[nodiscard]] bool everything_arrived() const;
    [[nodiscard]] Report report(const Sample& begin, const Sample& end) const;
    [[nodiscard]] std::string topic(std::size_t publisher) const {
        return fmt::format("{}/{}/{}", options_.prefix, name_of(options_.shape), publisher);
    }

    MessageOptions options_;
    Loop loop_;
    Traffic traffic_;
    Schedule schedule_;
    std::vector<std::unique_ptr<Publisher>> publishers_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::uint64_t next_due_ = 0; // open loop: number of the next message, over all publishers
    std::uint64_t progress_at_ns_ = 0;
    std::uint64_t progress_acked_ = 0;
    std::uint64_t progress_received_ = 0;
};

Result<void> MessageRun::connect_all() {
    const auto pid = static_cast<int>(::getpid());
    const bool pairs = options_.shape == Shape::pairs;
    for (std::size_t i = 0; i < options_.subscribers; ++i) {
        const std::string filter =
            pairs ? topic(i) : fmt::format("{}/{}/#", options_.prefix, name_of(options_.shape));
        HF_TRY(const Session session,
               dial_mqtt(options_.run.endpoint, options_.run.version,
                         fmt::format("load-{}-s{}", pid, i), filter, options_.qos));
        subscribers_.push_back(std::make_unique<Subscriber>(
            session.socket, options_.run.version, static_cast<std::uint32_t>(pairs ? i : 0),
            pairs ? 1 : options_.publishers, traffic_));
        loop_.add(*subscribers_.back());
    }
    for (std::size_t i = 0; i < options_.publishers; ++i) {
        HF_TRY(const Session session, dial_mqtt(options_.run.endpoint, options_.run.version,
                                                fmt::format("load-{}-p{}", pid, i)));
        PublisherOptions publisher;
        publisher.index = static_cast<std::uint32_t>(i);
        publisher.version = options_.run.version;
        publisher.topic = topic(i);
        publisher.qos = options_.qos;
        publisher.payload_bytes = options_.payload_bytes;
        publisher.window = std::min<std::size_t>(options_.window, session.receive_maximum);
        publisher.refill = options_.refill > 0 ? std::min(options_.refill, publisher.window)
                                               : (publisher.window + 1) / 2;
        publishers_.push_back(
            std::make_unique<Publisher>(session.socket, publisher, traffic_, schedule_));
        loop_.add(*publishers_.back());
    }
    traffic_.subscribers_per_message = pairs ? 1 : options_.subscribers;
    traffic_.undelivered_max =
        2 * options_.publishers * options_.window * traffic_.subscribers_per_message;
    return ok();
}

Result<MessageRun::Sample> MessageRun::sample() {
    Sample sample;
    if (options_.run.server_pid != 0) {
        HF_TRY(sample.server, process_use(options_.run.server_pid));
    }
    sample.at_ns = monotonic_ns();
    sample.published = traffic_.acked;
    sample.delivered = traffic_.received;
    sample.own_cpu_s = own_cpu_s();
    return sample;
}

void MessageRun::send_due(std::uint64_t now_ns) {
    while (schedule_.due_ns(next_due_) <= now_ns) {
        Publisher& publisher = *publishers_[next_due_ % publishers_.size()];
        ++next_due_;
        publisher.add_due();
        publisher.produce(now_ns);
    }
}

void MessageRun::resume_stalled() {
    if (!traffic_.stalled || !traffic_.backlog_low()) return;
    traffic_.stalled = false;
    const std::uint64_t now_ns = monotonic_ns();
    for (const auto& publisher : publishers_) publisher->produce(now_ns);
}

void MessageRun::turn(std::uint64_t end_ns) {
    constexpr std::uint64_t kWaitNsMax = 100'000'000;
    const std::uint64_t now_ns = monotonic_ns();
    std::uint64_t wake_ns = std::min(end_ns, now_ns + kWaitNsMax);
    if (traffic_.producing && schedule_.open()) {
        send_due(now_ns);
        wake_ns = std::min(wake_ns, schedule_.due_ns(next_due_));
    }
    const bool look_only = options_.spin || wake_ns <= now_ns;
    if (options_.gather_us > 0) {
        const timespec pause{0, static_cast<long>(options_.gather_us * 1000)};
        ::nanosleep(&pause, nullptr);
    }
    loop_.turn(look_only ? 0 : wake_ns - now_ns);
    resume_stalled();
    show_progress(now_ns);
}

void MessageRun::run_until(std::uint64_t end_ns) {
    while (!stop_requested() && loop_.failures() == 0 && monotonic_ns() < end_ns) turn(end_ns);
}

void MessageRun::show_progress(std::uint64_t now_ns) {
    if (options_.run.quiet || now_ns < progress_at_ns_) return;
    constexpr std::uint64_t kEveryNs = 1'000'000'000;
    if (progress_at_ns_ != 0) {
        const double seconds = static_cast<double>(now_ns + kEveryNs - progress_at_ns_) / 1e9;
        std::fputs(
            fmt::format("{} {:>9.0f}/s published  {:>10.0f}/s delivered  in flight {}\n",
                        traffic_.measuring ? "measuring" : "         ",
                        static_cast<double>(traffic_.acked - progress_acked_) / seconds,
                        static_cast<double>(traffic_.received - progress_received_) / seconds,
                        traffic_.sent - traffic_.acked)
                .c_str(),
            stderr);
    }
    progress_at_ns_ = now_ns + kEveryNs;
    progress_acked_ = traffic_.acked;
    progress_received_ = traffic_.received;
}

bool MessageRun::everything_arrived() const {
    return traffic_.received >= traffic_.sent * traffic_.subscribers_per_message &&
           std::all_of(publishers_.begin(), publishers_.end(),
                       [](const auto& publisher) { return publisher->drained(); });
}

void MessageRun::drain() {
    traffic_.producing = false;
    for (const auto& publisher : publishers_) publisher->finish();
    const std::uint64_t give_up_ns =
        monotonic_ns() + static_cast<std::uint64_t>(options_.run.drain_s * kNsPerSecond);
    while (!everything_arrived() && loop_.failures() == 0 && monotonic_ns() < give_up_ns) {
        turn(give_up_ns);
    }
}

Report MessageRun::report(const Sample& begin, const Sample& end) const {
    Report report;
    report.scenario = name_of(options_.shape);
    report.parameters = fmt::format(
        "publishers={} subscribers={} qos={} window={} payload={} rate={:.0f} mqtt={}",
        options_.publishers, options_.subscribers, options_.qos, options_.window,
        options_.payload_bytes, options_.rate_per_s, static_cast<int>(options_.run.version));
    report.seconds = static_cast<double>(end.at_ns - begin.at_ns) / kNsPerSecond;
    report.published = end.published - begin.published;
    report.delivered = end.delivered - begin.delivered;
    report.server_cpu_s = end.server.cpu_s - begin.server.cpu_s;
    report.server_rss_bytes = end.server.rss_bytes;
    report.generator_cpu_s = end.own_cpu_s - begin.own_cpu_s;
    report.ack_latency = traffic_.ack_latency;
    report.end_to_end = traffic_.end_to_end;
    report.total_sent = traffic_.sent;
    report.total_acked = traffic_.acked;
    report.total_expected = traffic_.sent * traffic_.subscribers_per_message;
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
        const SequenceChecker& checker = subscribers_[i]->checker();
        report.sequence += checker.counts();
        if (options_.shape == Shape::pairs) {
            report.lost += checker.missing(0, publishers_[i]->sent());
            continue;
        }
        for (std::size_t p = 0; p < publishers_.size(); ++p) {
            report.lost += checker.missing(static_cast<std::uint32_t>(p), publishers_[p]->sent());
        }
    }
    report.refused = traffic_.refused;
    report.unordered_acks = traffic_.unordered;
    report.failures = loop_.failures();
    report.first_failure = loop_.first_failure();
    report.interrupted = stop_requested();
    return report;
}

Result<Report> MessageRun::run() {
    HF_TRY(connect_all());
    const std::uint64_t start_ns = monotonic_ns();
    const auto warmup_ns = static_cast<std::uint64_t>(options_.run.warmup_s * kNsPerSecond);
    const auto duration_ns = static_cast<std::uint64_t>(options_.run.duration_s * kNsPerSecond);
    schedule_ = {start_ns, options_.rate_per_s, publishers_.size()};
    traffic_.producing = true;
    if (!schedule_.open()) {
        for (const auto& publisher : publishers_) publisher->produce(monotonic_ns());
    }
    run_until(start_ns + warmup_ns);
    HF_TRY(const Sample begin, sample());
    traffic_.measuring = true;
    run_until(start_ns + warmup_ns + duration_ns);
    HF_TRY(const Sample end, sample());
    traffic_.measuring = false;
    drain();
    return report(begin, end);
}

} // namespace

Result<Report> run_messages(const MessageOptions& options) {
    HF_TRY(check(options));
    MessageRun run(options);
    return run.run();
}

} // namespace holdfast::load
