#include <load/http_link.hpp>
#include <load/mqtt_feed.hpp>
#include <load/simulate/simulation.hpp>
#include <load/stop_signal.hpp>

#include <holdfast/base/clock.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::load {
namespace {

constexpr double kForeverS = 86'400; // how far faults are planned when there is no end
constexpr std::size_t kInFlightMax = 256;
constexpr std::size_t kWaitingMax = 256; // messages that wait for a slow server, per device

// Where the messages of one device go.
struct Outlet {
    std::unique_ptr<MqttFeed> mqtt;
    std::unique_ptr<HttpLink> http;
    std::deque<std::string> waiting; // MQTT: payloads; HTTP: requests
};

class Simulation {
public:
    Simulation(const SimulateOptions& options, bool quiet)
        : options_(options), quiet_(quiet), fleet_(make_fleet(options)) {}

    Result<int> run();

private:
    static Fleet make_fleet(const SimulateOptions& options) {
        const double duration_s = options.duration_s > 0 ? options.duration_s : kForeverS;
        return Fleet(options.fleet, options.seed,
                     schedule_faults(options.faults, options.fleet.cars, options.fleet.elevators,
                                     duration_s, options.seed));
    }
    Result<void> connect_all();
    Result<void> connect_http(Outlet& outlet);
    [[nodiscard]] double due_s(std::uint64_t message) const {
        return static_cast<double>(message) /
               (options_.rate_per_s * static_cast<double>(fleet_.size()));
    }
    void emit(std::uint64_t message);
    void flush(std::size_t device);
    void announce_faults(double at_s);
    void progress(double at_s);
    void drain();
    [[nodiscard]] std::uint64_t unanswered() const;
    [[nodiscard]] int summarise() const;

    SimulateOptions options_;
    bool quiet_;
    Loop loop_;
    SystemClock clock_;
    Fleet fleet_;
    std::vector<Outlet> outlets_;
    std::int64_t start_ms_ = 0;
    std::uint64_t start_ns_ = 0;
    std::size_t announced_ = 0; // faults so far
    double progress_at_s_ = 1;
    std::uint64_t produced_ = 0;
    std::uint64_t dropped_ = 0; // the device's queue was full
    std::uint64_t http_accepted_ = 0;
    std::uint64_t http_refused_ = 0;
};

Result<void> Simulation::connect_http(Outlet& outlet) {
    HF_TRY(const int socket, dial_http(options_.http));
    outlet.http = std::make_unique<HttpLink>(socket, [this](HttpLink&, unsigned status, auto) {
        status / 100 == 2 ? ++http_accepted_ : ++http_refused_;
    });
    loop_.add(*outlet.http);
    return ok();
}

Result<void> Simulation::connect_all() {
    outlets_.resize(fleet_.size());
    const auto over_http = static_cast<std::size_t>(
        std::llround(options_.http_share * static_cast<double>(options_.fleet.cars)));
    for (std::size_t i = 0; i < fleet_.size(); ++i) {
        Outlet& outlet = outlets_[i];
        if (i < over_http) {
            HF_TRY(connect_http(outlet));
            continue;
        }
        HF_TRY(const Session session,
               dial_mqtt(options_.mqtt, options_.version, fleet_.device(i).id()));
        outlet.mqtt = std::make_unique<MqttFeed>(
            session.socket, options_.version,
            std::min<std::size_t>(kInFlightMax, session.receive_maximum));
        loop_.add(*outlet.mqtt);
    }
    return ok();
}

void Simulation::emit(std::uint64_t message) {
    const auto device = static_cast<std::size_t>(message % fleet_.size());
    const double at_s = due_s(message);
    const std::int64_t ts_ms = start_ms_ + std::llround(at_s * 1000);
    std::string payload = fleet_.message(device, at_s, ts_ms);
    Outlet& outlet = outlets_[device];
    ++produced_;
    if (outlet.waiting.size() >= kWaitingMax) {
        ++dropped_;
        return;
    }
    if (outlet.http) {
        payload = make_post(fmt::format("{}:{}", options_.http.host, options_.http.port),
                            fmt::format("/api/v1/publish/{}", fleet_.device(device).topic()),
                            "application/json", payload);
    }
    outlet.waiting.push_back(std::move(payload));
    flush(device);
}

void Simulation::flush(std::size_t device) {
    Outlet& outlet = outlets_[device];
    while (!outlet.waiting.empty()) {
        if (outlet.http) {
            if (!outlet.http->idle()) return;
            outlet.http->post(outlet.waiting.front());
        } else if (!outlet.mqtt->publish(fleet_.device(device).topic(), outlet.waiting.front())) {
            return;
        }
        outlet.waiting.pop_front();
    }
}

void Simulation::announce_faults(double at_s) {
    const std::vector<Fault>& faults = fleet_.faults();
    for (; announced_ < faults.size() && faults[announced_].start_s <= at_s; ++announced_) {
        const Fault& fault = faults[announced_];
        std::fputs(fmt::format(R"({{"fault":"{}","device":"{}","topic":"{}","signals":{},)"
                               R"("start_ms":{},"end_ms":{}}})"
                               "\n",
                               to_string(fault.kind), fleet_.device(fault.device).id(),
                               fleet_.device(fault.device).topic(), signals_of(fault.kind),
                               start_ms_ + std::llround(fault.start_s * 1000),
                               start_ms_ + std::llround(fault.end_s * 1000))
                       .c_str(),
                   stdout);
        std::fflush(stdout);
    }
}

std::uint64_t Simulation::unanswered() const {
    std::uint64_t count = 0;
    for (const Outlet& outlet : outlets_) {
        count += outlet.waiting.size();
        if (outlet.mqtt) count += outlet.mqtt->in_flight();
        if (outlet.http && !outlet.http->idle()) ++count;
    }
    return count;
}

void Simulation::progress(double at_s) {
    if (quiet_ || at_s < progress_at_s_) return;
    progress_at_s_ = at_s + 1;
    std::fputs(fmt::format("{:>5.0f} s  {} messages, {} unanswered, {} faults so far\n", at_s,
                           produced_, unanswered(), announced_)
                   .c_str(),
               stderr);
}

void Simulation::drain() {
    constexpr std::uint64_t kPatienceNs = 5'000'000'000;
    const std::uint64_t give_up_ns = monotonic_ns() + kPatienceNs;
    while (unanswered() > 0 && loop_.failures() == 0 && monotonic_ns() < give_up_ns) {
        loop_.turn(10'000'000);
        for (std::size_t device = 0; device < outlets_.size(); ++device) flush(device);
    }
}

int Simulation::summarise() const {
    std::uint64_t mqtt_acked = 0;
    std::uint64_t refused = http_refused_;
    for (const Outlet& outlet : outlets_) {
        if (!outlet.mqtt) continue;
        mqtt_acked += outlet.mqtt->acked() - outlet.mqtt->refused();
        refused += outlet.mqtt->refused();
    }
    const std::uint64_t lost = unanswered() + dropped_;
    std::fputs(fmt::format(R"({{"summary":true,"produced":{},"mqtt_acknowledged":{},)"
                           R"("http_accepted":{},"refused":{},"unacknowledged":{},)"
                           R"("broken_connections":{},"faults":{}}})"
                           "\n",
                           produced_, mqtt_acked, http_accepted_, refused, lost, loop_.failures(),
                           announced_)
                   .c_str(),
               stdout);
    if (loop_.failures() > 0) {
        std::fputs(fmt::format("holdfast-load: {}\n", loop_.first_failure()).c_str(), stderr);
    }
    return refused == 0 && lost == 0 && loop_.failures() == 0 ? 0 : 1;
}

Result<int> Simulation::run() {
    HF_TRY(connect_all());
    start_ms_ = clock_.now_ms();
    start_ns_ = monotonic_ns();
    std::uint64_t next = 0;
    while (!stop_requested() && loop_.failures() == 0) {
        const double at_s = static_cast<double>(monotonic_ns() - start_ns_) / 1e9;
        if (options_.duration_s > 0 && at_s >= options_.duration_s) break;
        announce_faults(at_s);
        while (due_s(next) <= at_s) emit(next++);
        for (std::size_t device = 0; device < outlets_.size(); ++device) flush(device);
        progress(at_s);
        loop_.turn(
            static_cast<std::uint64_t>(std::min(0.1, std::max(0.0, due_s(next) - at_s)) * 1e9));
    }
    drain();
    return summarise();
}

} // namespace

Result<int> run_simulation(const SimulateOptions& options, bool quiet) {
    Simulation simulation(options, quiet);
    return simulation.run();
}

} // namespace holdfast::load
